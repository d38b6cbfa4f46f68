/*
 * recover -- the paper key at work: test it, open a home whose passphrase is
 * forgotten, make this device coordinator when no coordinator's is left.
 */
#include "fieldkit/cmds.h"

#include <stdlib.h>
#include <string.h>

#include "sync/base/clock.h"
#include "sync/base/secret.h"

/* The master key from slot 2; a key that does not open it is told apart. */
static fault
open_slot(struct ctx *c, const struct paper *p, uint8_t **master)
{
	fault f = keyfile_recover(master, &c->home.keyfile, p->box_pk,
	    p->box_sk);

	if (f == NULL || f->code != FAULT_LOCKED ||
	    home_site(&c->home) != NULL || !recover_is(c->home.site.roster, p))
		return f;
	return fault_new(FAULT_LOCKED, "this is the project's recovery key, "
	    "but the keyfile in %s was made for another one; nothing was "
	    "changed; put this device's own keyfile back from a copy",
	    c->home.path);
}

/* --- recover ------------------------------------------------------------ */

static fault
new_passphrase(struct ctx *c, const uint8_t *master)
{
	struct json_out w = json_writer(&c->out);
	struct secret_line l = { NULL, 0 };
	char hex[ID_HEX];
	fault f;

	if ((f = cmd_next_passphrase(c, &l)) == NULL)
		f = keyfile_change(c->home.path, &c->home.keyfile, master,
		    (struct bytes){ l.at, l.len });
	secret_line_free(&l);
	if (f != NULL)
		return f;
	if (!c->json) {
		out(c, "The recovery key opened this device; the new "
		    "passphrase counts from now on.\n");
		return NULL;
	}
	json_open(&w, '{');
	json_key(&w, "device");
	json_put_text(&w, id_hex(hex, &c->home.device));
	json_close(&w);
	buf_text(&c->out, "\n");
	return NULL;
}

/* --- recover --test ----------------------------------------------------- */

static void
tested(struct ctx *c, uint64_t when)
{
	struct json_out w = json_writer(&c->out);
	size_t epochs = c->home.site.roster->nepochs;
	char text[32];

	clock_text(text, when);
	if (!c->json) {
		out(c, "The recovery key is good: it is this project's, and it "
		    "opens this device and the secrets of %zu epochs.\n",
		    epochs);
		return;
	}
	json_open(&w, '{');
	json_key(&w, "ok");
	json_put_bool(&w, true);
	json_key(&w, "epochs");
	json_put_int(&w, (int64_t)epochs);
	json_key(&w, "recovery_tested");
	json_put_text(&w, text);
	json_close(&w);
	buf_text(&c->out, "\n");
}

/* All that it is for, tried; nothing is kept but that it was. */
static fault
test_key(struct ctx *c, const struct paper *p)
{
	struct keys *scratch = keys_new();
	uint64_t now = clock_wall_ms();
	fault f;

	if ((f = home_site(&c->home)) != NULL)
		goto done;
	if (!recover_is(c->home.site.roster, p)) {
		f = fault_new(FAULT_LOCKED, "this recovery key opens the "
		    "keyfile here, but the roster names another; it was "
		    "replaced, or the keyfile is another project's; nothing "
		    "was changed");
		goto done;
	}
	if ((f = recover_secrets(scratch, c->home.site.roster, p)) == NULL &&
	    (f = exchange_paper_tested(&c->home, now)) == NULL)
		tested(c, now);
done:
	keys_free(scratch);
	return f;
}

/* --- recover --coordinator ---------------------------------------------- */

static fault
coordinate(struct ctx *c, const struct paper *p)
{
	struct json_out w = json_writer(&c->out);
	fault f, unbound = NULL;
	char *url = NULL, hex[ID_HEX];

	if ((f = home_site(&c->home)) != NULL)
		return f;
	if ((f = cmd_hub_url(c, NULL, &url)) != NULL &&
	    f->code != FAULT_USAGE)
		return f;
	if ((f = exchange_recover(&c->home, url, p, &unbound)) != NULL)
		goto done;
	if (unbound != NULL)
		note("no home hub has it yet (%s): it counts here, and for the "
		    "others once you have synced; if another was first, do "
		    "this again", unbound->text);
	if (!c->json) {
		out(c, "This device coordinates the project now. Look at "
		    "'fieldkit members' for devices that are lost.\n");
		goto done;
	}
	json_open(&w, '{');
	json_key(&w, "device");
	json_put_text(&w, id_hex(hex, &c->home.device));
	json_key(&w, "role");
	json_put_text(&w, role_name(ROLE_COORDINATOR));
	json_key(&w, "bound");
	json_put_bool(&w, unbound == NULL);
	json_close(&w);
	buf_text(&c->out, "\n");
done:
	free(url);
	return f;
}

fault
cmd_recover(struct ctx *c)
{
	bool test = option_given(c, "test");
	bool lead = option_given(c, "coordinator");
	struct paper *p = secret_new(sizeof *p);
	uint8_t *master = NULL;
	fault f;

	if (test && lead) {
		f = fault_new(FAULT_USAGE, "recover takes --test or "
		    "--coordinator, not both");
		goto done;
	}
	if ((f = cmd_open(c)) != NULL ||
	    (f = cmd_swap(c, c->home.practice)) != NULL ||
	    (f = cmd_paper(c, p)) != NULL ||
	    (f = open_slot(c, p, &master)) != NULL)
		goto done;
	if (!test && !lead) {
		f = new_passphrase(c, master);
		goto done;
	}
	f = home_unlock(&c->home, master);
	master = NULL;			/* the home has it, even on a fault */
	if (f == NULL)
		f = test ? test_key(c, p) : coordinate(c, p);
done:
	secret_free(master, MASTER_LEN);
	secret_free(p, sizeof *p);
	return f;
}
