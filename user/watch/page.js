// SPDX-License-Identifier: GPL-2.0-only
// Asks for /status.json every two seconds. What comes from there gets into the page as text only.
'use strict';

const PERIOD = 2000;   // ms between two questions
const STALE = 7000;    // ms without an answer until what is shown is old
const WINDOWS = [2, 5, 10]; // minutes that a chart shows, the least that has all samples
const COLOURS = 7;     // reasons with a colour of their own; the rest shares the last one

const $ = id => document.getElementById(id);
const exact = n => n.toLocaleString('en-US');
const many = (n, what) => exact(n) + ' ' + what + (n === 1 ? '' : 's');
const rate = n => n >= 100 ? exact(Math.round(n)) : n >= 0.05 ? n.toFixed(1) : '0';

let last = null;       // the newest answer, and when it came
let heard = 0;
let failure = '';
const samples = [];    // {time: ms, traffic: {name: rate}, drops: {name: rate}}; null: a gap
const colours = new Map();

function element(name, text, className) {
	const e = document.createElement(name);
	if (text !== undefined)
		e.textContent = text;
	if (className)
		e.className = className;
	return e;
}

function svg(name, attributes) {
	const e = document.createElementNS('http://www.w3.org/2000/svg', name);
	for (const [key, value] of Object.entries(attributes))
		e.setAttribute(key, value);
	return e;
}

function duration(s) {
	s = Math.max(0, Math.round(s));
	if (s < 60)
		return s + ' s';
	if (s < 3600)
		return Math.floor(s / 60) + ' min ' + s % 60 + ' s';
	if (s < 86400)
		return Math.floor(s / 3600) + ' h ' + Math.floor(s % 3600 / 60) + ' min';
	return Math.floor(s / 86400) + ' d ' + Math.floor(s % 86400 / 3600) + ' h';
}

// columns: [title, is text]; rows: arrays of a value, or of [value, class]. The first is the head.
function table(id, columns, rows, none) {
	const t = $(id), head = element('tr'), body = element('tbody');
	for (const [title, text] of columns) {
		const th = element('th', title, text ? 'text' : '');
		th.scope = 'col';
		head.append(th);
	}
	for (const row of rows) {
		const tr = element('tr');
		row.forEach((cell, i) => {
			const [value, className] = Array.isArray(cell) ? cell : [cell, ''];
			const number = typeof value === 'number';
			const td = element(i ? 'td' : 'th', number ? exact(value) : value, className ||
				(number && !value ? 'zero' : columns[i][1] ? 'text' : ''));
			if (!i)
				td.scope = 'row';
			tr.append(td);
		});
		body.append(tr);
	}
	if (!rows.length) {
		const td = element('td', none, 'empty');
		td.colSpan = columns.length;
		body.append(element('tr'));
		body.lastChild.append(td);
	}
	const thead = element('thead');
	thead.append(head);
	t.replaceChildren(thead, body);
}

// --- what happened between two answers ---

// A guard that was attached anew has counted from zero.
const between = (then, now) => now < then ? now : now - then;

function sum(tallies, outcome) {
	return Object.values(tallies).reduce((n, t) => n + t[outcome].packets, 0);
}

function sample(then, now) {
	const seconds = now.taken - then.taken;
	const per = (a, b) => between(a, b) / seconds;
	const one = {time: now.taken * 1000, traffic: {}, drops: {}};
	for (const outcome of ['passed', 'would_drop', 'dropped'])
		one.traffic[outcome] = per(sum(then.stats.classes, outcome),
			sum(now.stats.classes, outcome));
	for (const [reason, t] of Object.entries(now.stats.reasons)) {
		const before = then.stats.reasons[reason];
		if (reason === 'none' || !before)
			continue;
		const r = per(before.dropped.packets, t.dropped.packets) +
			per(before.would_drop.packets, t.would_drop.packets);
		if (r > 0)
			one.drops[reason] = r;
	}
	return one;
}

function keep(then, now) {
	if (!then || !then.stats || !now.stats) {
		if (!now.stats && samples.length)
			samples.push(null);
	} else if (now.taken > then.taken) {
		if (now.taken - then.taken > STALE / 1000)
			samples.push(null);
		samples.push(sample(then, now));
	}
	while (samples.length && (!samples[0] || samples[0].time < now.taken * 1000 - longest()))
		samples.shift();
}

// --- charts ---

const longest = () => WINDOWS[WINDOWS.length - 1] * 60000;

// A reason keeps its colour for as long as the page is open.
function colour(reason) {
	if (!colours.has(reason))
		colours.set(reason, Math.min(colours.size, COLOURS));
	return 'var(--c' + colours.get(reason) + ')';
}

// A top of the scale that reads well: 1, 2 or 5 with zeros.
function above(n) {
	const ten = 10 ** Math.floor(Math.log10(Math.max(n, 1)));
	return [1, 2, 5, 10].map(k => k * ten).find(k => k >= n);
}

const scale = n => exact(Number(n.toFixed(1)));

class Chart {
	constructor(id, title, series) {
		this.at = $(id);
		this.title = title;
		this.series = series;    // () => [[key, name, colour]], from the bottom
		this.cursor = null;      // index of the sample that is pointed at
		this.svg = svg('svg', {role: 'img', tabindex: 0});
		this.legend = element('div', undefined, 'legend');
		this.at.append(this.svg, this.legend);
		this.svg.addEventListener('pointermove', e => this.point(e.offsetX));
		this.svg.addEventListener('pointerleave', () => this.point(null));
		this.svg.addEventListener('blur', () => this.point(null));
		this.svg.addEventListener('keydown', e => this.key(e));
		new ResizeObserver(() => this.draw()).observe(this.svg);
	}
	key(e) {
		const step = {ArrowLeft: -1, ArrowRight: 1}[e.key];
		if (!step || !samples.length)
			return;
		e.preventDefault();
		const from = this.cursor === null ? samples.length : this.cursor;
		this.cursor = Math.min(samples.length - 1, Math.max(0, from + step));
		this.draw();
	}
	point(x) {
		const near = i => samples[i] ? Math.abs(this.x(i) - x) : Infinity;
		this.cursor = x === null || !samples.length ? null :
			[...samples.keys()].reduce((a, b) => near(b) < near(a) ? b : a);
		this.draw();
	}
	draw() {
		const width = this.svg.clientWidth, height = this.svg.clientHeight;
		if (!width)
			return;
		const series = this.series(), field = this.at.id;
		const total = s => s ? series.reduce((n, [key]) => n + this.value(s, field, key), 0) : 0;
		const top = above(Math.max(1, ...samples.map(total)));
		const newest = last ? last.taken * 1000 : 0, first = samples.find(s => s);
		const minutes = WINDOWS.find(m => !first || newest - first.time <= m * 60000) ||
			WINDOWS[WINDOWS.length - 1];
		this.left = 10 + 7 * Math.max(scale(top).length, scale(top / 2).length);
		const x = this.x = i => this.left + (width - this.left - 6) *
			(1 - (newest - samples[i].time) / (minutes * 60000));
		const y = v => height - 20 - v / top * (height - 30);
		this.svg.setAttribute('viewBox', `0 0 ${width} ${height}`);
		this.svg.replaceChildren();
		this.axes(width, height, top, y, minutes);
		const base = samples.map(() => 0);
		for (const [key, , fill] of series)
			this.area(base, field, key, fill, x, y);
		if (samples[this.cursor])
			this.svg.append(svg('line', {x1: x(this.cursor), x2: x(this.cursor), y1: y(top),
				y2: y(0), class: 'cursor'}));
		this.tell(series, field);
	}
	value(s, field, key) {
		if (key !== '')
			return s[field][key] || 0;
		return Object.keys(s[field]).reduce((n, k) =>    // all that share a colour
			n + (colours.get(k) === COLOURS ? s[field][k] : 0), 0);
	}
	axes(width, height, top, y, minutes) {
		for (const v of [0, top / 2, top]) {
			const label = svg('text', {x: this.left - 6, y: y(v) + 4, 'text-anchor': 'end'});
			label.textContent = scale(v);
			this.svg.append(svg('line', {x1: this.left, x2: width, y1: y(v), y2: y(v),
				class: 'grid'}), label);
		}
		for (const [part, name, anchor] of [[0, minutes + ' min ago', 'start'], [.5, minutes / 2 + ' min', 'middle'],
			[1, 'now', 'end']]) {
			const label = svg('text', {x: this.left + part * (width - this.left - 6),
				y: height - 4, 'text-anchor': anchor});
			label.textContent = name;
			this.svg.append(label);
		}
	}
	// On top of `base`, which grows by it. A gap is drawn as one.
	area(base, field, key, fill, x, y) {
		let path = '', from = 0;
		const upper = samples.map((s, i) => base[i] + (s ? this.value(s, field, key) : 0));
		for (let i = 0; i <= samples.length; i++) {
			if (i < samples.length && samples[i])
				continue;
			if (i - from > 0) {
				path += 'M';
				for (let j = from; j < i; j++)
					path += `${x(j).toFixed(1)},${y(upper[j]).toFixed(1)} `;
				for (let j = i - 1; j >= from; j--)
					path += `${x(j).toFixed(1)},${y(base[j]).toFixed(1)} `;
				path += 'Z';
			}
			from = i + 1;
		}
		const e = svg('path', {d: path});
		e.style.setProperty('fill', fill);
		this.svg.append(e);
		upper.forEach((v, i) => { base[i] = v; });
	}
	tell(series, field) {
		const at = this.cursor === null ? samples.length - 1 : this.cursor, s = samples[at];
		const said = [], spans = [];
		for (const [key, name, fill] of [...series].reverse()) {
			const value = s ? rate(this.value(s, field, key)) : '–';
			const span = element('span'), mark = element('i');
			mark.style.setProperty('background', fill);
			span.append(mark, name, element('b', value));
			spans.push(span);
			said.push(name + ' ' + value);
		}
		const when = this.cursor === null ? 'now' : s ? new Date(s.time).toLocaleTimeString() : 'a gap';
		const shown = this.cursor === null ? '' : 'at ' + when;
		if (!series.length)
			spans.push(element('span', samples.length ? 'Nothing in these minutes.'
				: 'Rates show after a few seconds.', 'at'));
		else
			spans.push(element('span', shown, 'at'));
		this.legend.replaceChildren(...spans);
		this.svg.setAttribute('aria-label', this.title + ', ' + when + ': ' +
			(said.join(', ') || 'nothing'));
	}
}

const traffic = new Chart('traffic', 'Packets a second', () => [
	['passed', 'passed', 'var(--passed)'], ['would_drop', 'would drop', 'var(--would)'],
	['dropped', 'dropped', 'var(--dropped)']]);

const drops = new Chart('drops', 'Dropped a second by reason', () => {
	for (const s of samples)
		Object.keys(s ? s.drops : {}).sort((a, b) => s.drops[b] - s.drops[a]).forEach(colour);
	const seen = new Set(samples.flatMap(s => s ? Object.keys(s.drops) : []));
	const own = [...colours.keys()].filter(r => seen.has(r) && colours.get(r) < COLOURS);
	const series = own.map(r => [r, r, colour(r)]);
	if ([...seen].some(r => colours.get(r) === COLOURS))
		series.push(['', 'others', 'var(--c' + COLOURS + ')']);
	return series;
});

// --- what is so now ---

function tiles(d) {
	const s = d.status, now = samples[samples.length - 1], r = k => now ? rate(now.traffic[k]) : '–';
	const monitor = s.mode === 'monitor', outcome = monitor ? 'would_drop' : 'dropped';
	$('drops-title').textContent = (monitor ? 'Would drop' : 'Dropped') + ' a second, by reason';
	const all = [
		['Passed /s', r('passed'), exact(sum(d.stats.classes, 'passed')) + ' in all', ''],
		[(monitor ? 'Would drop' : 'Dropped') + ' /s', r(outcome),
			exact(sum(d.stats.classes, outcome)) + ' in all',
			now && now.traffic[outcome] > 0 ? 'warn' : ''],
		['Banned', exact(s.bans.sources + s.bans.flows),
			many(s.bans.sources, 'source') + ', ' + many(s.bans.flows, 'flow'), ''],
		['Proven flows', exact(s.flows.proven), 'room for ' + exact(s.flows.most), ''],
		['Greylist', s.flows.greylist_armed ? 'armed' : 'off', s.flows.greylist_armed ?
			'for ' + duration(s.flows.greylist_seconds_left) + ' more' :
			'no rush of strangers', s.flows.greylist_armed ? 'warn' : ''],
		['Overload', s.overload.level ? 'level ' + s.overload.level : 'none', s.overload_shed ?
			'of the server' : 'not looked for', s.overload.level ? 'bad' : ''],
		['TCP connections', exact(s.connections.live),
			'of ' + many(s.connections.sources, 'source'), ''],
		['On lists', exact(s.lists.allow + s.lists.deny),
			`${exact(s.lists.allow)} allowed, ${exact(s.lists.deny)} denied`, ''],
	];
	$('tiles').replaceChildren(...all.map(([name, value, more, className]) => {
		const div = element('div', undefined, className);
		div.append(element('dt', name), element('dd', value), element('dd', more, 'more'));
		return div;
	}));
}

const limit = l => l ? exact(l.rate) + ' / ' + exact(l.burst) : '–';
const guarded = i => i.state === 'guarded' || i.state === 'in another network namespace';

function tallies(id, name, all) {
	table(id, [[name, true], ['passed'], ['would drop'], ['dropped']],
		Object.entries(all).map(([k, t]) => [k, t.passed.packets, t.would_drop.packets,
			t.dropped.packets]).filter(r => r[1] + r[2] + r[3]), 'Nothing yet.');
}

function tables(d) {
	const s = d.status, reasons = Object.entries(d.stats.reasons).filter(([k]) => k !== 'none');
	table('reasons', [['reason', true], ['dropped'], ['would drop'], ['watched']],
		reasons.map(([k, t]) => [k, t.dropped.packets, t.would_drop.packets, t.watched.packets])
			.filter(r => r[1] + r[2] + r[3])
			.sort((a, b) => b[1] + b[2] - a[1] - a[2] || b[3] - a[3]),
		'No packet had a reason yet.');
	tallies('methods', 'method', d.stats.methods);
	tallies('classes', 'class', d.stats.classes);
	table('events', [['event', true], ['times']],
		Object.entries(d.stats.events).filter(e => e[1]), 'None yet.');
	table('interfaces', [['interface', true], ['guarded', true], ['seen'], ['received'],
		['what leaves', true]],
		s.interfaces.map(i => [i.name, guarded(i) ? [i.xdp + ' ' + i.hook, 'text good']
			: ['NO: ' + i.state, 'text bad'], i.blind ? [exact(i.seen), 'bad'] : i.seen,
			i.received === null ? '–' : i.received,
			i.replies === 'missing' ? ['not seen', 'text bad'] : i.replies]), 'None.');
	table('zones', [['zone', true], ['each source'], ['INVITE'], ['REGISTER'], ['all together']],
		s.zones.map(z => [z.name, limit(z.limits.source), limit(z.limits.invite),
			limit(z.limits.register), limit(z.total)]), 'None.');
	table('connections', [['source', true], ['live'], ['opening'], ['silent']],
		d.connections.connections.map(c => [c.source, c.live, c.opening, c.silent]),
		s.connections.counted ? 'There is none.' : 'They are not counted.');
	more('connections-more', d.connections.total, d.connections.connections.length, 'sources');
}

function more(id, total, shown, what) {
	$(id).textContent = total > shown ? `${exact(total - shown)} more ${what}.` : '';
}

// Their time runs on between two answers.
function bans(d, age) {
	table('bans', [['who', true], ['why', true], ['time left']],
		d.bans.bans.map(b => [b.ban + (b.transport ? ' ' + b.transport : ''), b.cause,
			duration(b.seconds_left - age)]), 'Nothing is banned.');
	more('bans-more', d.bans.total, d.bans.bans.length, 'bans');
}

// What needs attention: [sentence, class].
function notes(d) {
	const s = d.status, all = [];
	for (const i of s.interfaces) {
		if (!guarded(i))
			all.push([`${i.name} is not guarded (${i.state}).`, 'bad']);
		if (i.blind)
			all.push([`The guard does not see what ${i.name} receives.`, 'bad']);
		if (i.replies === 'missing')
			all.push([`What leaves by ${i.name} is not seen: nobody becomes proven there.`, 'warn']);
		if (i.charged_twice_by)
			all.push([`${i.name} and ${i.charged_twice_by} get the same packets.`, 'warn']);
	}
	if (s.overload.level)
		all.push([`The server is overloaded: new requests are shed, level ${s.overload.level}, ` +
			`for ${duration(s.overload.since_seconds)} now.`, 'bad']);
	if (s.flows.greylist_armed)
		all.push(['The greylist is armed: strangers have to come twice.', 'warn']);
	if (s.mode === 'monitor')
		all.push(['Monitor mode: nothing is dropped. `sipguard mode enforce` changes that.', 'warn']);
	if (s.shadow)
		all.push([`A shadow tries ${s.shadow}.`, 'good']);
	return all.concat(s.notices.map(n => [n[0].toUpperCase() + n.slice(1) + '.', 'warn']));
}

function state(text, className) {
	if ($('state').textContent !== text)     // read aloud only if it changes
		$('state').textContent = text;
	$('state').className = 'badge ' + className;
	document.title = text + ' – sipguard';
}

function notesShow(all) {
	const same = [...$('notes').children].map(e => e.textContent).join('\n');
	if (same !== all.map(n => n[0]).join('\n'))
		$('notes').replaceChildren(...all.map(([text, c]) => element('li', text, 'note ' + c)));
}

// Once a second: ages, and whether all this is still so.
function tick() {
	const age = performance.now() - heard, stale = age > STALE, gone = last && !last.stats;
	document.body.classList.toggle('stale', Boolean(last) && (stale || gone));
	if (stale) {
		state('no data', 'bad');
		notesShow([[`\`sipguard watch\` has not answered for ${duration(age / 1000)}` +
			(failure ? ` (${failure})` : '') + (last ? ': what is shown is old.' : '.'), 'bad']]);
	} else if (gone) {
		state('not guarding', 'bad');
		notesShow([[last.error[0].toUpperCase() + last.error.slice(1), 'bad']]);
	} else if (last) {
		const enforces = last.status.mode === 'enforce', lost = !last.status.attached;
		state(lost ? 'not guarding' : enforces ? 'guarding, enforce mode' : 'monitor mode',
			lost ? 'bad' : enforces ? 'good' : 'warn');
		notesShow(notes(last));
		bans(last, age / 1000);
	}
	if (last)
		$('when').textContent = 'as of ' + new Date(last.taken * 1000).toLocaleString();
}

function show(d) {
	keep(last, d);
	last = d;
	if (d.stats) {
		tiles(d);
		tables(d);
		$('about').textContent = `sipguard ${d.status.version} on ${location.host}, program loaded ` +
			`${duration(d.status.loaded_seconds)} ago, ${(d.status.memory.bytes / 1e6).toFixed(1)} ` +
			`MB of maps, ${d.status.config || 'built-in configuration'}. Read-only.`;
	}
	tick();
	traffic.draw();
	drops.draw();
}

async function ask() {
	try {
		const answer = await fetch('/status.json', {signal: AbortSignal.timeout(STALE)});
		if (!answer.ok)
			throw new Error('status ' + answer.status);
		const d = await answer.json();
		heard = performance.now();
		failure = '';
		show(d);
	} catch (e) {
		failure = e.message;
	}
	setTimeout(ask, PERIOD);
}

setInterval(tick, 1000);
ask();
