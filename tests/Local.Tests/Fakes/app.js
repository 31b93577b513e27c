// Stands for the app in its host: node app.js FOLDER; FOLDER/report.json is the answer, FOLDER/behaviour.txt what goes wrong.
const fs = require('fs'), http = require('http'), path = require('path');
const folder = process.argv[2], env = process.env;
const file = name => path.join(folder, name);
const behaviour = fs.existsSync(file('behaviour.txt')) ? fs.readFileSync(file('behaviour.txt'), 'utf8') : '';
fs.writeFileSync(file('environment.json'), JSON.stringify(env));
fs.writeFileSync(file('app.pid'), String(process.pid));
if (behaviour === 'bad settings') {
  console.log(JSON.stringify({ address: 'http://127.0.0.1:1' }));
  console.log(JSON.stringify({ LogLevel: 'Error', Category: 'LocalHost.Worker', Message: 'The worker ended' }));
  console.error('LocalHost: The app cannot start: Tenant:Id is missing');
  process.exit(1);
}
if (behaviour === 'another program') console.log('Azure Functions Core Tools');
let starts = 0, polls = 0;
const json = (response, status, body) => { response.writeHead(status, { 'content-type': 'application/json' }); response.end(typeof body === 'string' ? body : JSON.stringify(body)); };
const server = http.createServer((request, response) => {
  const key = request.headers['x-functions-key'];
  if (request.url === '/admin/host/status') return key === env.LocalHost__Keys__Master ? json(response, 200, { state: starts++ < 2 ? 'Starting' : 'Running' }) : json(response, 401, {});
  if (key !== env.LocalHost__Keys__Default) return json(response, 401, {});
  if (behaviour === 'die in the check') { console.error('out of memory'); process.exit(9); }
  if (request.method === 'POST' && request.url === '/api/credentials/check') return json(response, 202, { runId: 'r 1', statusUrl: 'x' });
  if (request.url === '/api/credentials/runs/r%201') {
    if (polls++ < 2) return json(response, 202, {});
    return behaviour === 'fail' ? json(response, 500, { error: 'storage is down' }) : json(response, 200, fs.readFileSync(file('report.json'), 'utf8'));
  }
  json(response, 404, {});
}).listen(Number(env.LocalHost__Port), '127.0.0.1', () => {
  // As the real one: it binds, and its first line is the address.
  console.log(JSON.stringify({ address: `http://127.0.0.1:${server.address().port}` }));
  console.log(JSON.stringify({ LogLevel: 'Warning', Category: 'Compliance', Message: 'hello from the app' }));
});
process.on('SIGTERM', () => { fs.writeFileSync(file('drained'), ''); process.exit(0); });
