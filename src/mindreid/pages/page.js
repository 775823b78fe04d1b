"use strict";
const seconds = Number(document.body.dataset.reloadSeconds);
if (seconds > 0) {
  setTimeout(() => location.reload(), 1000 * seconds);
}
