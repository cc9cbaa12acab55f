// SPDX-License-Identifier: GPL-2.0-only
//
// The package "sip" of npm as a phone: npm-sip.js USER PASSWORD ADDRESS PORT SERVER registers, and
// once more for each line on standard input, with the credentials it has. It prints each answer.

"use strict";

const readline = require("readline");
const sip = require("sip");
const digest = require("sip/digest");

const [user, password, address, port, server] = process.argv.slice(2);
const callId = `${user}-${process.pid}@${address}`;
const session = {};
let cseq = 0;

function request() {
	const own = `sip:${user}@${server}`;

	cseq++;
	return {
		method: "REGISTER",
		uri: `sip:${server}`,
		headers: {
			"call-id": callId,
			cseq: { method: "REGISTER", seq: cseq },
			from: { uri: own, params: { tag: `t${process.pid}` } },
			to: { uri: own },
			contact: [{ uri: `sip:${user}@${address}:${port}`, params: {} }],
			expires: 300,
		},
	};
}

function send(message, challenges) {
	sip.send(message, (response) => {
		console.log(response.status, response.reason);
		if (response.status !== 401 || challenges === 0)
			return;
		const next = request();
		digest.signRequest(session, next, response, { user, password });
		send(next, challenges - 1);
	});
}

function register() {
	const message = request();

	if (session.nonce)
		digest.signRequest(session, message);
	send(message, 2);
}

sip.start({ port: Number(port), address, publicAddress: address, tcp: false }, (other) => {
	sip.send(sip.makeResponse(other, 200, "OK"));
});
readline.createInterface({ input: process.stdin }).on("line", register).on("close", () =>
	process.exit());
register();
