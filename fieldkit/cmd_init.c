/*
 * init -- a new project: keys, genesis, home; the recovery key, shown once.
 */
#include "fieldkit/cmds.h"

#include <stdlib.h>
#include <string.h>

#include "sync/base/secret.h"
#include "sync/paper.h"

#define TITLE_MAX 200
#define PERSON_MAX 100

/* The genesis: project, first coordinator, paper key, epoch 1, pack. */
static fault
genesis_blob(struct buf *blob, struct ctx *c, const struct paper *p,
    struct bytes pack)
{
	struct home *h = &c->home;
	struct member me = { .device = h->device, .caps = CAP_WRITE |
	    CAP_COORDINATE };
	struct entry e = ENTRY_EMPTY;
	fault f;

	memcpy(me.sign_pk, h->signer.pk, sizeof me.sign_pk);
	memcpy(me.box_pk, h->signer.box_pk, sizeof me.box_pk);
	entry_project(&e, &h->project, h->practice);
	entry_member(&e, &me);
	entry_paper(&e, p->sign_pk, p->box_pk);
	if ((f = entry_epoch(&e, &(struct epoch_plan){
	    1, 1, NULL, p->box_pk }, h->keys)) != NULL)
		goto done;
	entry_title(&e, option(c, "project"));
	entry_name(&e, &h->device, ROLE_COORDINATOR, option(c, "name"));
	entry_pack(&e, pack);
	f = entry_finish(blob, &e, 1, h->keys, h->site.squeeze);
done:
	entry_free(&e);
	return f;
}

static fault
found(struct ctx *c, const struct paper *p, struct bytes pack)
{
	struct home *h = &c->home;
	struct buf blob = BUF_EMPTY;
	struct commit commit = { .seq = 0 };
	struct oid oid;
	fault f;

	if ((f = home_draw_signer(h)) != NULL)
		goto done;
	keys_draw_epoch(h->keys, 1);
	keys_draw_tree(h->keys, 1);
	if ((f = home_save_keys(h)) != NULL || (f = home_site(h)) != NULL)
		goto done;
	if ((f = genesis_blob(&blob, c, p, pack)) != NULL)
		goto done;
	if ((f = site_append(&oid, &h->site, "refs/heads/roster", &commit,
	    buf_view(&blob), &h->signer)) != NULL)
		goto done;
	h->genesis = h->site.genesis = commit.hash;
	if ((f = home_save_conf(h)) != NULL ||
	    (f = site_reload(&h->site)) != NULL)
		goto done;
	f = exchange_remember(h);
done:
	buf_free(&blob);
	return f;
}

static fault
build(struct ctx *c, const struct paper *p, struct bytes pack)
{
	struct secret_line pass = { NULL, 0 };
	struct home *h = &c->home;
	fault f;

	if ((f = cmd_swap(c, h->practice)) != NULL ||
	    (f = cmd_new_passphrase(c, &pass, h->practice)) != NULL)
		goto done;
	h->project = id_random();
	h->device = id_random();
	if ((f = home_build(h, (struct bytes){ pass.at, pass.len },
	    p->box_pk)) != NULL)
		goto done;
	if (option(c, "hub") != NULL) {
		home_add_hub(h, "home", option(c, "hub"));
		if ((f = home_save_hubs(h)) != NULL)
			goto done;
	}
	f = found(c, p, pack);
done:
	secret_line_free(&pass);
	return f;
}

static void
report(struct ctx *c, const struct paper *p, const char *path)
{
	struct json_out w = json_writer(&c->out);
	char paper[PAPER_TEXT], hex[HASH_HEX];
	struct home *h = &c->home;

	paper_text(paper, p);
	if (c->json) {
		json_open(&w, '{');
		json_key(&w, "project");
		json_put_text(&w, id_hex(hex, &h->project));
		json_key(&w, "device");
		json_put_text(&w, id_hex(hex, &h->device));
		json_key(&w, "genesis");
		json_put_text(&w, hash_hex(hex, &h->genesis));
		json_key(&w, "recovery");
		json_put_text(&w, paper);
		json_close(&w);
		buf_text(&c->out, "\n");
		return;
	}
	out(c, "Project \"%s\" is in %s.\n", option(c, "project"), path);
	out(c, "Genesis (give it to auditors): %s\n",
	    hash_hex(hex, &h->genesis));
	out(c, "\nThe recovery key, shown once. Write it down, put it in two "
	    "sealed envelopes\nin two places:\n\n    %s\n\n", paper);
	out(c, "Next: fieldkit add observation date=2026-11-24 "
	    "narrative=\"...\"\n");
}

fault
cmd_init(struct ctx *c)
{
	const char *pack_name = option(c, "pack");
	char *path = cmd_home_path(c), *draft = NULL;
	struct paper *p = secret_new(sizeof *p);
	struct bytes pack;
	struct pack *parsed = NULL;
	fault f;

	if (option(c, "project") == NULL || option(c, "name") == NULL) {
		f = fault_new(FAULT_USAGE, "init needs --project TITLE and "
		    "--name PERSON");
		goto done;
	}
	if ((f = cmd_text("project", option(c, "project"), TITLE_MAX)) !=
	    NULL || (f = cmd_text("name", option(c, "name"), PERSON_MAX)) !=
	    NULL)
		goto done;
	if ((f = pack_builtin(&pack, pack_name == NULL ? "default" :
	    pack_name)) != NULL || (f = pack_read(&parsed, pack)) != NULL)
		goto done;
	c->home.practice = option_given(c, "practice");
	if ((f = home_draft(&draft, path)) != NULL)
		goto done;
	paper_draw(p);
	c->home.path = mem_text(draft);
	if ((f = build(c, p, pack)) != NULL)
		goto done;
	/* Seen first: a project whose recovery key nobody has is worse than a
	 * key whose project was not made. */
	report(c, p, path);
	if ((f = cmd_hand_out(c)) == NULL)
		f = home_place(draft, path);
done:
	pack_free(parsed);
	secret_free(p, sizeof *p);
	free(draft);
	free(path);
	return f;
}
