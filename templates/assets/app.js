// Chorda's scripts: small, plain modules. Every page works without them; they make it quicker.
// Nothing is fetched from another host and nothing is written as HTML.
import { listen } from "./scan.js";
import { countDown } from "./clock.js";
import { guardForms } from "./forms.js";

listen();
countDown();
guardForms();
