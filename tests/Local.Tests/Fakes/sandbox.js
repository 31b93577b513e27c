// Stands for the sandbox tenant: notes its arguments, says it is ready, ends with its parent.
const fs = require('fs'), net = require('net'), path = require('path');
const args = process.argv.slice(2), after = name => args[args.indexOf(name) + 1];
if (args.includes('--faults')) { console.error(`unknown fault "${after('--faults')}"`); process.exit(1); }
fs.writeFileSync(path.join(path.dirname(after('--request-log')), 'sandbox-arguments.json'), JSON.stringify(args));
process.on('SIGTERM', () => process.exit(0));
process.stdin.on('end', () => process.exit(0)).resume();
// As the real one it binds the port, a free one for 0, and reports which.
const server = net.createServer().listen(Number(after('--port')), '127.0.0.1', () => {
  const { port } = server.address();
  console.log(JSON.stringify({ port, url: `https://localhost:${port}`, thumbprint: 'AB', tenantId: 't', clientId: 'c', clientSecret: 's' }));
});
