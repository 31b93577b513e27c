// Stands for the sandbox tenant: notes its arguments, says it is ready, ends with its parent.
const fs = require('fs'), path = require('path');
const args = process.argv.slice(2), after = name => args[args.indexOf(name) + 1];
if (args.includes('--faults')) { console.error(`unknown fault "${after('--faults')}"`); process.exit(1); }
fs.writeFileSync(path.join(path.dirname(after('--request-log')), 'sandbox-arguments.json'), JSON.stringify(args));
process.on('SIGTERM', () => process.exit(0));
process.stdin.on('end', () => process.exit(0)).resume();
const port = Number(after('--port'));
console.log(JSON.stringify({ port, url: `https://localhost:${port}`, thumbprint: 'AB', tenantId: 't', clientId: 'c', clientSecret: 's' }));
