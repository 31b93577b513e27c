// Stands for the app in its host: node app.js FOLDER; FOLDER/report.json is the answer, FOLDER/behaviour.txt what goes wrong.
const crypto = require('crypto'), fs = require('fs'), http = require('http'), path = require('path');
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
let starts = 0;
const json = (response, status, body) => { response.writeHead(status, { 'content-type': 'application/json' }); response.end(JSON.stringify(body)); };
// Keeps a run where the app keeps its own, in the storage that it was given.
const storage = Object.fromEntries((env.AzureWebJobsStorage || '').split(';').filter(p => p).map(p => [p.slice(0, p.indexOf('=')), p.slice(p.indexOf('=') + 1)]));
const put = async (blob, query, body, type) => {
  const address = new URL(`${storage.BlobEndpoint.replace(/\/$/, '')}/runs${blob}${query ? '?' + query.replace(':', '=') : ''}`);
  const headers = { 'x-ms-date': new Date().toUTCString(), 'x-ms-version': '2021-12-02', ...(type ? { 'x-ms-blob-type': type } : {}) };
  const named = Object.keys(headers).sort().map(name => `${name}:${headers[name]}\n`).join('');
  const signed = `PUT\n\n\n${body.length || ''}\n\n${body ? 'application/json' : ''}\n\n\n\n\n\n\n${named}/${storage.AccountName}${address.pathname}${query ? '\n' + query : ''}`;
  const signature = crypto.createHmac('sha256', Buffer.from(storage.AccountKey, 'base64')).update(signed).digest('base64');
  const answer = await fetch(address, { method: 'PUT', body: body || undefined, headers: { ...headers, ...(body ? { 'content-type': 'application/json' } : {}), authorization: `SharedKey ${storage.AccountName}:${signature}` } });
  if (!answer.ok && answer.status !== 409) throw new Error(`${answer.status} ${await answer.text()}`);
};
const keep = (runId, state, error, report) => put(`/${runId}.json`, '', Buffer.from(JSON.stringify({ runId, state, error, report })), 'BlockBlob');
const check = async message => {
  const { runId } = JSON.parse(message);
  await put('', 'restype:container', '', null);
  await keep(runId, 'running', null, null);
  if (behaviour === 'fail') await keep(runId, 'failed', 'storage is down', null);
  else await keep(runId, 'completed', null, JSON.parse(fs.readFileSync(file('report.json'), 'utf8')));
};
const server = http.createServer((request, response) => {
  if (request.headers['x-functions-key'] !== env.LocalHost__Keys__Master) return json(response, 401, {});
  if (request.url === '/admin/host/status') return json(response, 200, { state: starts++ < 2 ? 'Starting' : 'Running' });
  if (behaviour === 'die in the check') { console.error('out of memory'); process.exit(9); }
  if (behaviour === 'refuse') return json(response, 400, { error: 'not this input' });
  if (request.method !== 'POST' || request.url !== '/admin/functions/RunCredentialCheck') return json(response, 404, {});
  let body = '';
  request.on('data', part => body += part).on('end', () => { json(response, 202, {}); check(JSON.parse(body).input); });
}).listen(Number(env.LocalHost__Port), '127.0.0.1', () => {
  // As the real one: it binds, and its first line is the address.
  console.log(JSON.stringify({ address: `http://127.0.0.1:${server.address().port}` }));
  console.log(JSON.stringify({ LogLevel: 'Warning', Category: 'Compliance', Message: 'hello from the app' }));
});
process.on('SIGTERM', () => { fs.writeFileSync(file('drained'), ''); process.exit(0); });
