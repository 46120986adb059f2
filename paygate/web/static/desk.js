// Comfort only: every page reads and acts without it.

// The summary of what is wrong takes the focus, so that it is read first.
document.querySelector(".faults")?.focus();

// Text to be said to a citizen is copied with one press.
for (const button of document.querySelectorAll("[data-copy]")) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent.trim());
    button.textContent = button.dataset.done;
  });
}

// A page that shows work under way loads itself again.
const wait = document.querySelector("[data-again]");
if (wait) setTimeout(() => location.reload(), Number(wait.dataset.again) * 1000);
