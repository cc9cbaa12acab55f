// SPDX-License-Identifier: GPL-2.0-only
/*
 * sofia-sip's user agent as a phone: nua USER PASSWORD ADDRESS PORT SERVER registers, and once more
 * for each line on standard input. It prints each answer.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <sofia-sip/nua.h>
#include <sofia-sip/msg_header.h>
#include <sofia-sip/su_wait.h>

struct phone {
	su_root_t *root;
	nua_t *nua;
	nua_handle_t *handle;
	const char *user, *password;
};

static void answered(struct phone *phone, nua_handle_t *handle, int status, const sip_t *sip)
{
	char *credentials;

	printf("%d\n", status);
	fflush(stdout);
	if (status != 401 || !sip || !sip->sip_www_authenticate)
		return;
	/* The realm is that of the challenge, in quotes already. */
	credentials = su_sprintf(NULL, "Digest:%s:%s:%s",
				 msg_params_find(sip->sip_www_authenticate->au_params, "realm="),
				 phone->user, phone->password);
	nua_authenticate(handle, NUTAG_AUTH(credentials), TAG_END());
	su_free(NULL, credentials);
}

static void happened(nua_event_t event, int status, const char *phrase, nua_t *nua,
		     nua_magic_t *magic, nua_handle_t *handle, nua_hmagic_t *hmagic,
		     const sip_t *sip, tagi_t tags[])
{
	struct phone *phone = (struct phone *)magic;

	(void)phrase, (void)nua, (void)hmagic, (void)tags;
	if (event == nua_r_register)
		answered(phone, handle, status, sip);
	else if (event == nua_r_shutdown && status >= 200)
		su_root_break(phone->root);
}

static int told(su_root_magic_t *magic, su_wait_t *wait, su_wakeup_arg_t *arg)
{
	struct phone *phone = (struct phone *)arg;
	char line[64];

	(void)magic, (void)wait;
	if (read(STDIN_FILENO, line, sizeof(line)) > 0)
		nua_register(phone->handle, TAG_END());
	else
		nua_shutdown(phone->nua);
	return 0;
}

int main(int argc, char **argv)
{
	struct phone phone = {0};
	su_wait_t wait[1];
	char *url, *own;

	if (argc != 6) {
		fputs("usage: nua USER PASSWORD ADDRESS PORT SERVER\n", stderr);
		return 2;
	}
	phone.user = argv[1];
	phone.password = argv[2];
	su_init();
	phone.root = su_root_create(NULL);
	url = su_sprintf(NULL, "sip:%s:%s;transport=udp", argv[3], argv[4]);
	own = su_sprintf(NULL, "sip:%s@%s", argv[1], argv[5]);
	phone.nua = nua_create(phone.root, happened, (nua_magic_t *)&phone, NUTAG_URL(url),
			       NUTAG_M_USERNAME(argv[1]), TAG_END());
	if (!phone.nua) {
		fputs("nua: no such address, or the port is taken\n", stderr);
		return 1;
	}
	phone.handle = nua_handle(phone.nua, NULL, SIPTAG_TO_STR(own), SIPTAG_FROM_STR(own),
				  TAG_END());
	su_wait_create(wait, STDIN_FILENO, SU_WAIT_IN);
	su_root_register(phone.root, wait, told, (su_wakeup_arg_t *)&phone, 0);
	nua_register(phone.handle, SIPTAG_EXPIRES_STR("300"), TAG_END());
	su_root_run(phone.root);
	nua_destroy(phone.nua);
	su_root_destroy(phone.root);
	su_deinit();
	return 0;
}
