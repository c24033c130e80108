// Says by sound how a scan ended, for hands and eyes that are busy: one high tone for right, two low
// ones for wrong. The page says the same in words and colour.
const wrong = document.querySelector('.banner.stop');
const right = document.querySelector('.banner.ok');
if ((wrong || right) && 'AudioContext' in window) {
  const context = new AudioContext();
  const tone = (pitch, begin, length) => {
    const source = context.createOscillator();
    const volume = context.createGain();
    source.frequency.value = pitch;
    volume.gain.value = 0.2;
    source.connect(volume).connect(context.destination);
    source.start(context.currentTime + begin);
    source.stop(context.currentTime + begin + length);
  };
  if (wrong) {
    tone(196, 0, 0.25);
    tone(156, 0.3, 0.45);
  } else {
    tone(1047, 0, 0.12);
  }
}
