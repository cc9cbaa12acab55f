// SPDX-License-Identifier: GPL-2.0-only
#include "hep/export.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/quote.h"
#include "hep/frame.h"
#include "render/event.h"
#include "render/output.h"
#include "sip/reader.h"

int export_read_key(const char *path, struct hep_agent *agent, struct error *error)
{
	/* A pipe without a writer is not waited for. */
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	ssize_t got = fd >= 0 ? read(fd, agent->key, sizeof(agent->key)) : -1;
	int err = got < 0 ? -errno : 0;
	size_t length = got > 0 ? got : 0, end;
	bool ends;

	if (fd >= 0)
		close(fd);
	if (err)
		return error_set(error, err, "cannot read the key of the collector from %s: %s.",
				 quote(path).text, strerror(-err));
	for (end = 0; end < length && agent->key[end] > ' ' && agent->key[end] <= '~'; end++)
		;
	/* NUL ends no line. */
	ends = end == length || agent->key[end] == '\n' || agent->key[end] == '\r';
	if (!end || end == sizeof(agent->key) || !ends)
		return error_set(error, -EINVAL, "%s has no key of a collector: its first line "
				 "has to be 1 to %zu printable characters without a blank.",
				 quote(path).text, sizeof(agent->key) - 1);
	memset(agent->key + end, 0, sizeof(agent->key) - end);
	return 0;
}

/* What is to be sent as SIP, and its Call-ID, if it has a plain one; else EXPORT_CORRELATION. */
static bool read_message(const struct hep_packet *packet, char correlation[HEP_CORRELATION])
{
	const struct sip_caps caps = SIP_CAPS_DEFAULT;
	const struct sip_input input = {.length = packet->length};
	const char *bytes = packet->payload;
	struct sip_message message;
	size_t length;

	strcpy(correlation, EXPORT_CORRELATION);
	sip_read_native(packet->payload, &input, &caps, &message);
	if (message.kind == SIP_NEITHER)
		return false;
	length = message.call_id.length;
	if (!length || length >= HEP_CORRELATION)
		return true;
	for (size_t i = 0; i < length; i++) {
		if (bytes[message.call_id.at + i] <= ' ' || bytes[message.call_id.at + i] > '~')
			return true;
	}
	memcpy(correlation, bytes + message.call_id.at, length);
	correlation[length] = '\0';
	return true;
}

static void send_packet(struct collector *collector, const struct hep_agent *agent,
			const struct hep_packet *packet)
{
	__u8 bytes[HEP_MOST];

	collector_send(collector, bytes, hep_write(packet, agent, bytes));
}

static void send_reason(struct collector *collector, const struct hep_agent *agent,
			struct hep_packet packet, json_t *why)
{
	char *text = json_dumps(why, JSON_COMPACT | OUTPUT_JSON);

	json_decref(why);
	if (!text)
		return;
	packet.type = HEP_LOG;
	packet.payload = text;
	packet.length = strlen(text);
	send_packet(collector, agent, &packet);
	free(text);
}

void export_event(struct collector *collector, const struct hep_agent *agent,
		  const struct follow *follow, const struct sg_event *event)
{
	char correlation[HEP_CORRELATION];
	struct hep_packet packet;

	frame_read(event, &packet);
	packet.time = event_time(event);
	packet.correlation = correlation;
	packet.type = HEP_SIP;
	if (read_message(&packet, correlation))
		send_packet(collector, agent, &packet);
	send_reason(collector, agent, packet, event_json(follow, event));
}
