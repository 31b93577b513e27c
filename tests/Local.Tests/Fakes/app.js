// Stands for the app: node app.js FOLDER; FOLDER/report.json is the answer, FOLDER/behaviour.txt what goes wrong.
const fs = require('fs'), http = require('http'), path = require('path');
const folder = process.argv[2], env = process.env;
const file = name => path.join(folder, name);
const behaviour = fs.existsSync(file('behaviour.txt')) ? fs.readFileSync(file('behaviour.txt'), 'utf8') : '';
fs.writeFileSync(file('environment.json'), JSON.stringify(env));
fs.writeFileSync(file('app.pid'), String(process.pid));
if (behaviour === 'bad settings') { console.error('Unhandled exception. Tenant:Id is missing'); console.error('   at Program.Main()'); process.exit(134); }
let polls = 0;
const json = (response, status, body) => { response.writeHead(status, { 'content-type': 'application/json' }); response.end(typeof body === 'string' ? body : JSON.stringify(body)); };
http.createServer((request, response) => {
  const key = request.headers['x-functions-key'];
  if (request.url === '/admin/host/status') return key === env.EmbeddedHost__Keys__Master ? json(response, 200, { state: 'Running' }) : json(response, 401, {});
  if (key !== env.EmbeddedHost__Keys__Default) return json(response, 401, {});
  if (behaviour === 'die in the check') { console.error('out of memory'); process.exit(9); }
  if (request.method === 'POST' && request.url === '/api/credentials/check') return json(response, 202, { runId: 'r 1', statusUrl: 'x' });
  if (request.url === '/api/credentials/runs/r%201') {
    if (polls++ < 2) return json(response, 202, {});
    return behaviour === 'fail' ? json(response, 500, { error: 'storage is down' }) : json(response, 200, fs.readFileSync(file('report.json'), 'utf8'));
  }
  json(response, 404, {});
}).listen(Number(env.EmbeddedHost__Port), '127.0.0.1');
console.log(JSON.stringify({ LogLevel: 'Warning', Category: 'Compliance', Message: 'hello from the app' }));
process.on('SIGTERM', () => { fs.writeFileSync(file('drained'), ''); process.exit(0); });
