// Loaded before Azurite: the launcher holds this process's standard input open, so its end means that the launcher is gone, however it went.
// TERM lets Azurite write its files.
process.stdin.on('end', () => process.kill(process.pid, 'SIGTERM')).resume().unref?.();
