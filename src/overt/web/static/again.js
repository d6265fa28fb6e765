// A page that waits for something opens itself again until it is there.

setTimeout(() => location.reload(), 1500);
