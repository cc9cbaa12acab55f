// SPDX-License-Identifier: GPL-2.0-only
/* A folder of messages becomes UDP datagrams, in the order of the names, whole or named as cut. */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "replay/messages.h"

#define HEADERS 42

static char folder[] = "/tmp/sipguard-unit.XXXXXX";

static void write_file(const char *name, const void *content, size_t size)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, content, size), size);
	close(fd);
}

static int make_folder(void **state)
{
	static char large[70000];
	char path[128];

	(void)state;
	if (!mkdtemp(folder))
		return -1;
	write_file("b", "hello", 5);
	write_file("a", "", 0);
	write_file("Z", large, FRAME_MESSAGE_MAX);
	write_file("c", large, FRAME_MESSAGE_MAX + 1);
	snprintf(path, sizeof(path), "%s/aa", folder);
	if (mkdir(path, 0700))
		return -1;
	snprintf(path, sizeof(path), "%s/ab", folder);
	return mkfifo(path, 0600); /* nobody writes to it: reading would hang */
}

static int remove_folder(void **state)
{
	static const char *const names[] = {"a", "b", "c", "Z", "aa", "ab"};
	char path[128];

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
		remove(path);
	}
	return rmdir(folder);
}

static __u16 word(const struct frame *frame, size_t offset)
{
	return frame->bytes[offset] << 8 | frame->bytes[offset + 1];
}

static void assert_message(struct messages *messages, const char *name, size_t length,
			   size_t missing)
{
	const char *found;
	struct frame frame;
	struct error why = {};

	assert_int_equal(messages_next(messages, &frame, &found, &why), 1);
	assert_string_equal(found, name);
	assert_int_equal(frame.length, HEADERS + length);
	assert_int_equal(frame.missing, missing);
	assert_int_equal(word(&frame, 12), 0x0800);
	assert_memory_equal(frame.bytes + 26, "\xc0\0\2\1\xc0\0\2\2", 8);
	assert_int_equal(word(&frame, 16), 28 + length);
	assert_int_equal(word(&frame, 34), 5060);
	assert_int_equal(word(&frame, 36), 5070);
	assert_int_equal(word(&frame, 38), 8 + length);
	if (length == 5)
		assert_memory_equal(frame.bytes + HEADERS, "hello", 5);
}

static void test_messages_come_in_the_order_of_their_names(void **state)
{
	struct messages *messages;
	struct frame frame;
	const char *name;
	struct error why = {};

	(void)state;
	assert_int_equal(messages_open(folder, 5070, &messages, &why), 0);
	assert_message(messages, "Z", FRAME_MESSAGE_MAX, 0);
	assert_message(messages, "a", 0, 0);
	assert_message(messages, "b", 5, 0);
	assert_message(messages, "c", FRAME_MESSAGE_MAX, 1);
	assert_int_equal(messages_next(messages, &frame, &name, &why), 0);
	messages_close(messages);
}

static void test_what_is_no_folder_is_explained(void **state)
{
	struct messages *messages;
	struct error why = {};
	char path[128];

	(void)state;
	assert_int_equal(messages_open("/nonexistent", 5060, &messages, &why), -ENOENT);
	assert_non_null(strstr(why.text, "/nonexistent: No such file"));
	snprintf(path, sizeof(path), "%s/b", folder);
	why = (struct error){};
	assert_int_equal(messages_open(path, 5060, &messages, &why), -ENOTDIR);
	assert_non_null(strstr(why.text, "is no folder"));
}

static void test_a_file_that_vanished_ends_the_reading(void **state)
{
	struct messages *messages;
	struct frame frame;
	struct error why = {};
	char path[128];
	const char *name;

	(void)state;
	assert_int_equal(messages_open(folder, 5060, &messages, &why), 0);
	snprintf(path, sizeof(path), "%s/Z", folder);
	unlink(path);
	assert_int_equal(messages_next(messages, &frame, &name, &why), -ENOENT);
	assert_string_equal(why.text, "cannot read Z: No such file or directory");
	messages_close(messages);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_messages_come_in_the_order_of_their_names),
		cmocka_unit_test(test_what_is_no_folder_is_explained),
		cmocka_unit_test(test_a_file_that_vanished_ends_the_reading),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
