// Runs before the first paint: whoever is signed in on this phone does not see the sign-in form for a moment; and who is
// quicker than the app has what they typed, and their touch, kept for it.
try {
  if (localStorage.getItem("signed-in")) document.documentElement.dataset.signedIn = "";
} catch {
  // storage is blocked: then nobody stays signed in, and the form is right
}
addEventListener("submit", (event) => {
  if (document.documentElement.dataset.begun !== undefined) return;
  event.preventDefault();
  document.documentElement.dataset.pressed = "";
});
