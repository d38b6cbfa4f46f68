/*
 * join -- become a member: the invitation's roster and keys into a new home.
 */
#include "fieldkit/cmds.h"

#include <stdlib.h>
#include <string.h>

#include "sync/base/clock.h"
#include "sync/base/secret.h"
#include "sync/invite.h"

static fault
read_code(struct ctx *c, char code[INVITE_CODE])
{
	struct secret_line l = { NULL, 0 };
	const char *file = option(c, "code-file"), *fd = option(c, "code-fd");
	fault f;

	if (file != NULL)
		f = secret_line_file(&l, file);
	else if (fd != NULL)
		f = secret_line_fd(&l, atoi(fd));
	else if (term_there())
		f = term_secret(&l, say("The six words of the code"));
	else
		f = fault_new(FAULT_LOCKED, "the code is needed and there is "
		    "no terminal to ask on; nothing was joined; use "
		    "--code-file or --code-fd");
	if (f == NULL && (l.len >= TERM_LINE || !invite_code_tidy(code,
	    (const char *)l.at)))
		f = fault_new(FAULT_LOCKED, "a code is six words; nothing was "
		    "joined; ask for it again by voice");
	secret_line_free(&l);
	return f;
}

/* The roster as the invitation brought it, into our own repository. */
static fault
plant_roster(struct home *h, const struct invite *in)
{
	struct tree_entry te = { .name = "roster.seg" };
	struct oid tree, head = { { 0 } };
	fault f = NULL;

	for (size_t i = 0; f == NULL && i < in->nroster; i++) {
		if ((f = repo_write(&te.blob, h->site.repo, OBJECT_BLOB,
		    buf_view(&in->roster[i].blob))) != NULL ||
		    (f = repo_write_tree(&tree, h->site.repo, &te, 1)) != NULL)
			break;
		f = repo_write(&head, h->site.repo, OBJECT_COMMIT,
		    buf_view(&in->roster[i].commit));
	}
	if (f == NULL)
		f = repo_ref_move(h->site.repo, "refs/heads/roster", NULL,
		    &head);
	return f == NULL ? site_reload(&h->site) : f;
}

/* What the home hub must have, by the word of who invited us. */
static fault
keep_pins(struct home *h, const struct invite *in)
{
	const struct roster *r = h->site.roster;
	const struct member *by = roster_signer(r, in->coordinator_pk);
	struct head_pins p = { .hub = r->home, .at = in->pins,
	    .n = in->npins };

	if (by != NULL)
		p.by = by->device;
	return head_pins_write(&p, h->site.repo);
}

/* Fresh keys, and J signed by the one-time key and the new one. */
static fault
draw_joiner(struct home *h, const struct invite *in)
{
	uint8_t *once = secret_new(SIGN_SK);
	uint8_t once_pk[32], role = (uint8_t)in->role;
	struct join j = { .project = in->project, .device = in->device,
	    .file = in->file };
	fault f;

	if ((f = home_draw_signer(h)) != NULL)
		goto done;
	sign_from_seed(once_pk, once, in->once_seed);
	memcpy(j.sign_pk, h->signer.pk, 32);
	memcpy(j.box_pk, h->signer.box_pk, 32);
	join_make(&j, once, h->signer.sk);
	if ((f = store_set(&h->store, "join",
	    (struct bytes){ (const uint8_t *)&j, sizeof j })) == NULL)
		f = store_set(&h->store, "role", (struct bytes){ &role, 1 });
done:
	secret_free(once, SIGN_SK);
	return f;
}

/* The project's paper key, from the genesis that the invitation brought. */
static fault
invite_paper_key(const struct invite *in, uint8_t paper[32])
{
	struct roster *r = roster_new();
	struct squeeze *z = NULL;
	struct commit c;
	fault f;

	if (in->nroster == 0)
		f = fault_new(FAULT_FORMAT, "the invitation has no roster");
	else if ((f = squeeze_new(&z, SQUEEZE_DICTIONARY)) == NULL &&
	    (f = commit_parse(&c, buf_view(&in->roster[0].commit))) == NULL)
		f = roster_apply(r, &c, buf_view(&in->roster[0].blob), NULL,
		    z);
	memcpy(paper, r->paper_box, 32);
	squeeze_free(z);
	roster_free(r);
	return f;
}

static fault
settle_in(struct ctx *c, struct invite *in)
{
	struct secret_line pass = { NULL, 0 };
	struct home *h = &c->home;
	uint8_t paper[32];
	fault f;

	h->project = in->project;
	h->genesis = in->genesis;
	h->device = in->device;
	h->practice = in->practice;
	for (size_t i = 0; i < in->nhubs; i++)
		home_add_hub(h, in->hubs[i].name, in->hubs[i].url);
	if ((f = invite_paper_key(in, paper)) != NULL ||
	    (f = cmd_swap(c, h->practice)) != NULL ||
	    (f = cmd_new_passphrase(c, &pass, h->practice)) != NULL)
		goto done;
	if ((f = home_build(h, (struct bytes){ pass.at, pass.len },
	    paper)) != NULL || (f = home_save_hubs(h)) != NULL)
		goto done;
	keys_free(h->keys);
	h->keys = in->keys;
	in->keys = NULL;
	if ((f = home_save_keys(h)) != NULL ||
	    (f = draw_joiner(h, in)) != NULL || (f = home_site(h)) != NULL ||
	    (f = plant_roster(h, in)) != NULL ||
	    (f = keep_pins(h, in)) != NULL)
		goto done;
	f = exchange_remember(h);
done:
	secret_line_free(&pass);
	return f;
}

static void
joined(struct ctx *c, const struct invite *in, const char *path)
{
	struct json_out w = json_writer(&c->out);
	char hex[ID_HEX];

	if (c->json) {
		json_open(&w, '{');
		json_key(&w, "project");
		json_put_text(&w, id_hex(hex, &in->project));
		json_key(&w, "device");
		json_put_text(&w, id_hex(hex, &in->device));
		json_key(&w, "role");
		json_put_text(&w, role_name(in->role));
		json_close(&w);
		buf_text(&c->out, "\n");
		return;
	}
	out(c, "You belong to \"%s\" as %s; the device is in %s.\n", in->title,
	    say(role_name(in->role)), path);
	out(c, "You can record at once. Colleagues see it after your sync and "
	    "the coordinator's next merge.\n");
}

fault
cmd_join(struct ctx *c)
{
	char *path = cmd_home_path(c), *draft = NULL, code[INVITE_CODE];
	struct buf file = BUF_EMPTY;
	struct invite in = { .nhubs = 0 };
	fault f;

	if ((f = fault_while(file_read(&file, c->args[0], WIRE_INVITE_MAX),
	    "the invitation")) != NULL)
		goto done;
	if ((f = home_draft(&draft, path)) != NULL)
		goto done;
	if ((f = read_code(c, code)) != NULL)
		goto done;
	if ((f = invite_open(&in, buf_view(&file), code)) != NULL)
		goto done;
	if (in.expires * 1000 < clock_wall_ms())
		note("this invitation has expired by this laptop's clock; the "
		    "coordinator decides");
	c->home.path = mem_text(draft);
	if ((f = settle_in(c, &in)) == NULL &&
	    (f = home_place(draft, path)) == NULL)
		joined(c, &in, path);
done:
	secret_forget(code, sizeof code);
	if (f != NULL && draft != NULL) {
		home_close(&c->home);
		/* Nothing of value is in a draft; its removal may fail. */
		if (file_remove_tree(draft) != NULL)
			note("%s was left behind", draft);
	}
	invite_free(&in);
	buf_wipe(&file);
	free(draft);
	free(path);
	return f;
}
