// Runs Bolt for JavaScript as its guide shows it, on a free port, which it prints: `/keyleak help` is
// answered with a text. Whoever started us holds the other end of standard input: when that closes,
// we leave.
'use strict'

const { App, LogLevel } = require('@slack/bolt')

const [secret, text] = process.argv.slice(2)
// Who it is is said and not asked of Slack: a request costs what the request costs.
const authorize = async () => ({ botToken: 'xoxb-simulated', botId: 'B0SIM00001', botUserId: 'U0BOT00000' })
const app = new App({
  signingSecret: secret, authorize, endpoints: '/slack/commands', logLevel: LogLevel.ERROR
})
app.command('/keyleak', async ({ ack }) => ack(text))
app.start({ port: 0, host: '127.0.0.1' }).then((server) => console.log(server.address().port))
process.stdin.on('end', () => process.exit(0)).resume()
