// Chorda's scripts: small, plain modules. Every page works without them; they make it quicker.
// Nothing is fetched from another host and nothing is written as HTML.
import { listen } from "./scan.js";
import { countDown } from "./clock.js";
import { guardForms } from "./forms.js";
import { keypad } from "./keypad.js";
import { show } from "./band.js";

listen();
countDown();
guardForms();
keypad();

// What stopped the last form is said as a scan is answered: over the whole screen, with a sound.
const said = document.querySelector("[data-band]")?.dataset;
if (said) show({ verdict: said.band, title: said.bandTitle, text: said.bandText });
