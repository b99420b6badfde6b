// ws for Node. See settings.hpp for what it is told; NODE_PATH is where Debian keeps the module.

const { WebSocket, WebSocketServer } = require('ws');

const MESSAGE_BYTES_MAX = 64 * 1024 * 1024;

function refuse(sentence) {
  console.error(sentence);
  process.exit(2);
}

function parseSettings([verb, ...words]) {
  const settings = { verb, port: 0, agent: 'ws', caseSeconds: 120, windowBits: 15 };
  const next = (option) => words.shift() ?? refuse(`${option} wants a value`);
  while (words.length > 0) {
    const option = words.shift();
    if (option === '--port') settings.port = Number(next(option));
    else if (option === '--url') settings.url = next(option).replace(/\/$/, '');
    else if (option === '--agent') settings.agent = next(option);
    else if (option === '--case-seconds') settings.caseSeconds = Number(next(option));
    else if (option === '--deflate') settings.deflate = true;
    else if (option === '--no-context-takeover') settings.noContextTakeover = true;
    else if (option === '--window-bits') settings.windowBits = Number(next(option));
    else if (option === '--level') settings.level = Number(next(option));
    else refuse(`unknown option: ${option}`);
  }
  return settings;
}

// What both sides are given. A limit of 15 bits is none, and not to be asked for: a server would
// decline a client that does not offer to limit itself.
function options({ deflate, noContextTakeover, windowBits, level }) {
  const bits = windowBits === 15 ? undefined : windowBits;
  return {
    maxPayload: MESSAGE_BYTES_MAX,
    perMessageDeflate: deflate && {
      serverNoContextTakeover: noContextTakeover,
      clientNoContextTakeover: noContextTakeover,
      serverMaxWindowBits: bits,
      clientMaxWindowBits: bits,
      threshold: 0,
      zlibDeflateOptions: level === undefined ? {} : { level },
    },
  };
}

function echo(socket) {
  socket.on('error', () => {});
  socket.on('message', (data, binary) => socket.send(data, { binary }));
}

function serve(settings) {
  const server = new WebSocketServer({ host: '127.0.0.1', port: settings.port, ...options(settings) });
  server.on('connection', echo);
  server.on('listening', () => console.log(`port ${server.address().port}`));
}

// Echoes until the end, or the limit of time, and gives the last text that came.
function converse(settings, target) {
  return new Promise((resolve) => {
    let lastText = '';
    const socket = new WebSocket(settings.url + target, options(settings));
    const limit = setTimeout(() => socket.terminate(), settings.caseSeconds * 1000);
    echo(socket);
    socket.on('message', (data, binary) => {
      if (!binary) lastText = data.toString();
    });
    socket.on('close', () => {
      clearTimeout(limit);
      resolve(lastText);
    });
  });
}

async function run(settings) {
  const count = Number(await converse(settings, '/getCaseCount'));
  for (let number = 1; number <= count; ++number) {
    await converse(settings, `/runCase?case=${number}&agent=${settings.agent}`);
  }
  await converse(settings, `/updateReports?agent=${settings.agent}`);
  process.exit(0);
}

const settings = parseSettings(process.argv.slice(2));
process.on('SIGTERM', () => process.exit(0));
process.stdin.on('end', () => process.exit(0)).resume();
if (settings.verb === 'serve') serve(settings);
else if (settings.verb === 'run' && settings.url) run(settings);
else refuse('usage: PEER serve|run --url URL [OPTION...]');
