// Loaded with `node --import` in a test: whoever opens a socket, asks a name server or listens is stopped, loudly.
import dgram from 'node:dgram';
import dns from 'node:dns';
import net from 'node:net';

const refuse = (what) => () => {
  process.stderr.write(`NETWORK: ${what}\n`);
  process.exit(99);
};
net.Socket.prototype.connect = refuse('connect');
net.Server.prototype.listen = refuse('listen');
dgram.createSocket = refuse('datagram socket');
dns.lookup = refuse('name lookup');
dns.promises.lookup = refuse('name lookup');
