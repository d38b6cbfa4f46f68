/*
 * invite -- a one-time file, and a code that is told by voice.
 */
#include "fieldkit/cmds.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sync/base/clock.h"
#include "sync/base/secret.h"
#include "sync/invite.h"

#define DAYS_DEFAULT 14
#define DAYS_MAX 90
#define DAY_S 86400

/* The roster's commits up to the last bound entry, newest first. */
static fault
bound_roster(struct home *h, struct invite *in)
{
	struct site *s = &h->site;
	struct oid head, at;
	struct commit c;
	fault f;

	if ((f = repo_ref(&head, s->repo, SITE_ROSTER)) != NULL ||
	    (f = chain_at(&at, s, &head, s->bound)) != NULL)
		return f;
	in->nroster = (size_t)s->bound;
	in->roster = mem_new(in->nroster * sizeof *in->roster);
	for (size_t i = in->nroster; i-- > 0;) {
		if ((f = site_commit_raw(&c, &in->roster[i].commit, s,
		    &at)) != NULL ||
		    (f = site_blob(&in->roster[i].blob, s, &c)) != NULL)
			return f;
		site_before(&at, &c);
	}
	return NULL;
}

static fault
fill_invite(struct ctx *c, struct invite *in, const char *name, long days)
{
	struct home *h = &c->home;
	const struct roster *ro = h->site.roster;
	fault f;

	in->project = h->project;
	in->genesis = h->genesis;
	do
		in->device = id_random();
	while (roster_prefix_taken(ro, &in->device));
	in->caps = role_caps(in->role);
	in->practice = h->practice;
	in->expires = clock_wall_ms() / 1000 + (uint64_t)days * DAY_S;
	memcpy(in->coordinator_pk, h->signer.pk, 32);
	in->once_seed = secret_new(32);
	random_fill(in->once_seed, 32);
	in->name = mem_text(name);
	in->title = mem_text(ro->title == NULL ? "" : ro->title);
	in->nhubs = h->nhubs;
	in->hubs = mem_new(h->nhubs * sizeof *in->hubs);
	for (size_t i = 0; i < h->nhubs; i++)
		in->hubs[i] = (struct invite_hub){ mem_text(h->hubs[i].name),
		    mem_text(h->hubs[i].url) };
	/* What only a coordinator reads comes by envelope, once it is one. */
	in->keys = keys_for_role(h->keys, in->role == ROLE_COORDINATOR ?
	    ROLE_WORKER : in->role, &in->device);
	if ((f = head_pins_seen(&in->pins, &in->npins, &h->site)) != NULL)
		return f;
	return bound_roster(h, in);
}

/* The roster entry that announces the invitation. */
static struct intent
announcement(const struct invite *in)
{
	struct member m = { .device = in->device, .caps = in->caps,
	    .expires = in->expires, .file = in->file };
	uint8_t *sk = secret_new(SIGN_SK);
	struct intent want = INTENT_EMPTY;

	sign_from_seed(m.once_pk, sk, in->once_seed);
	if (in->role == ROLE_COORDINATOR)
		want.flags = INTENT_PAPER;
	entry_invite(&want.items, &m);
	entry_name(&want.items, &in->device, in->role, in->name);
	secret_free(sk, SIGN_SK);
	return want;
}

static void
invited(struct ctx *c, const struct invite *in, const char *path,
    const char *code)
{
	struct json_out w = json_writer(&c->out);
	char hex[ID_HEX], when[32];

	clock_text(when, in->expires * 1000);
	if (c->json) {
		json_open(&w, '{');
		json_key(&w, "invite");
		json_put_text(&w, path);
		json_key(&w, "role");
		json_put_text(&w, role_name(in->role));
		json_key(&w, "device");
		json_put_text(&w, id_hex(hex, &in->device));
		json_key(&w, "expires");
		json_put_text(&w, when);
		json_key(&w, "code");
		json_put_text(&w, code);
		json_close(&w);
		buf_text(&c->out, "\n");
		return;
	}
	out(c, "The invitation for %s is in %s, valid until %s.\n", in->name,
	    path, when);
	out(c, "Give the file in any way; tell this code by voice:\n\n"
	    "    %s\n\n", code);
	out(c, "It works once. Sync, so that the hub knows of it.\n");
	if (in->role == ROLE_COORDINATOR && !cmd_paper_given(c))
		out(c, "A coordinator needs two signatures: another coordinator "
		    "gives the second with 'fieldkit approve', or invite with "
		    "--recovery-file.\n");
}

/*
 * The file is written beside its place and the code shown before the roster
 * says that there is an invitation; then the file gets its name.
 */
static fault
hand_over(struct ctx *c, const struct invite *in, struct bytes file,
    const char *path, const char *code)
{
	struct intent want = announcement(in);
	size_t room = strlen(path) + 8;
	char *part = mem_new(room);
	fault f;

	snprintf(part, room, "%s.part", path);
	if ((f = file_write(part, file, 0600)) != NULL)
		goto done;
	invited(c, in, path, code);
	if ((f = cmd_hand_out(c)) == NULL &&
	    (f = cmd_intend(c, &want)) == NULL && rename(part, path) != 0)
		f = fault_errno(FAULT_FAIL, "cannot put %s in its place; the "
		    "invitation is in %s", path, part);
	else if (f != NULL)
		unlink(part);
done:
	intent_free(&want);
	free(part);
	return f;
}

static fault
invite_checked(struct ctx *c, enum role role, const char *name,
    const char *path, long days)
{
	struct invite in = { .role = role };
	struct buf file = BUF_EMPTY;
	char code[INVITE_CODE];
	fault f;

	invite_code(code);
	if ((f = fill_invite(c, &in, name, days)) == NULL &&
	    (f = invite_make(&file, &in, code, c->home.signer.sk)) == NULL)
		f = hand_over(c, &in, buf_view(&file), path, code);
	secret_forget(code, sizeof code);
	invite_free(&in);
	buf_wipe(&file);
	return f;
}

fault
cmd_invite(struct ctx *c)
{
	const char *name = option(c, "name"), *role = option(c, "role");
	const char *path = option(c, "output"), *d = option(c, "days");
	long days = d == NULL ? DAYS_DEFAULT : strtol(d, NULL, 10);
	enum role r;
	fault f;

	if (name == NULL || role == NULL || path == NULL)
		return fault_new(FAULT_USAGE, "invite needs --name PERSON, "
		    "--role coordinator, worker, analyst or auditor, and "
		    "-o FILE");
	if (!role_parse(&r, role))
		return fault_new(FAULT_USAGE, "there is no role '%.40s'", role);
	if (days < 1 || days > DAYS_MAX)
		return fault_new(FAULT_INVALID, "--days is 1 to %d; nothing "
		    "was made", DAYS_MAX);
	if ((f = cmd_text("name", name, 100)) != NULL)
		return f;
	if (file_exists(path))
		return fault_new(FAULT_INVALID, "%s is there already; it was "
		    "not touched; choose another name for the invitation",
		    path);
	if ((f = cmd_unlock_site(c)) != NULL ||
	    (f = cmd_coordinator(c)) != NULL)
		return f;
	return invite_checked(c, r, name, path, days);
}
