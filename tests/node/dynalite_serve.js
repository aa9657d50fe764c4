// Runs dynalite, an implementation of DynamoDB by others, in memory and on a free port, which it
// prints. Whoever started us holds the other end of standard input: when that closes, we leave.
'use strict'

const dynalite = require('dynalite')

const server = dynalite({ createTableMs: 0 })
server.listen(0, '127.0.0.1', () => console.log(server.address().port))
process.stdin.on('end', () => process.exit(0)).resume()
