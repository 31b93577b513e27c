// A child with a choice of fates: node child.js ready | die CODE | stubborn
const [, , fate, code] = process.argv;
if (fate === 'die') { console.error('something is wrong'); console.error('   at Some.Frame()'); process.exit(Number(code)); }
if (fate === 'stubborn') process.on('SIGTERM', () => {});
else process.on('SIGTERM', () => { console.log('asked to end'); process.exit(0); });
if (fate === 'ready') process.stdin.on('data', () => process.exit(7));
setInterval(() => {}, 1000);
console.log('ready');
