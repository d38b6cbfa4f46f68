/*
 * invite, join, members -- how somebody comes to belong.
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

/* --- invite ------------------------------------------------------------- */

/* The roster's commits up to the last bound entry, oldest first. */
static fault
bound_roster(struct home *h, struct invite *in)
{
	struct site *s = &h->site;
	struct oid head, oid;
	struct commit c;
	fault f;

	if ((f = repo_ref(&head, s->repo, "refs/heads/roster")) != NULL)
		return f;
	in->nroster = (size_t)s->bound;
	in->roster = mem_new(in->nroster * sizeof *in->roster);
	for (size_t i = 0; i < in->nroster; i++) {
		if ((f = chain_at(&oid, s, &head, i + 1)) != NULL)
			return f;
		if ((f = site_commit_raw(&c, &in->roster[i].commit, s,
		    &oid)) != NULL)
			return f;
		if ((f = site_blob(&in->roster[i].blob, s, &c)) != NULL)
			return f;
	}
	return NULL;
}

static fault
fill_invite(struct ctx *c, struct invite *in, const char *name, long days)
{
	struct home *h = &c->home;
	const struct roster *ro = h->site.roster;

	in->project = h->project;
	in->genesis = h->genesis;
	do
		in->device = id_random();
	while (roster_prefix_taken(ro, &in->device));
	in->role = ROLE_WORKER;
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
	in->keys = keys_for_role(h->keys, in->role, &in->device);
	return bound_roster(h, in);
}

/* The roster entry that announces the invitation. */
static fault
announce(struct ctx *c, const struct invite *in)
{
	struct home *h = &c->home;
	struct member m = { .device = in->device, .caps = in->caps,
	    .expires = in->expires, .file = in->file };
	uint8_t *sk = secret_new(SIGN_SK);
	struct entry e = ENTRY_EMPTY;
	struct buf blob = BUF_EMPTY;
	struct commit commit = { .seq = 0 };
	struct oid oid;
	fault f;

	sign_from_seed(m.once_pk, sk, in->once_seed);
	entry_invite(&e, &m);
	entry_name(&e, &in->device, in->role, in->name);
	if ((f = entry_finish(&blob, &e, roster_epoch(h->site.roster)->e,
	    h->keys, h->site.squeeze)) == NULL)
		f = site_append(&oid, &h->site, "refs/heads/roster", &commit,
		    buf_view(&blob), &h->signer);
	entry_free(&e);
	buf_free(&blob);
	secret_free(sk, SIGN_SK);
	return f;
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
}

/* Bind the entry at once where the home hub is within reach. */
static void
bind_now(struct ctx *c)
{
	char *url = NULL;
	fault f = cmd_hub_url(c, NULL, &url);

	if (f == NULL)
		f = exchange_roster(&c->home, url);
	if (f != NULL)
		note("the invitation waits for your next sync (%s)", f->text);
	free(url);
}

/*
 * The file is written beside its place and the code shown before the roster
 * says that there is an invitation; then the file gets its name.
 */
static fault
hand_over(struct ctx *c, const struct invite *in, struct bytes file,
    const char *path, const char *code)
{
	size_t room = strlen(path) + 8;
	char *part = mem_new(room);
	fault f;

	snprintf(part, room, "%s.part", path);
	if ((f = file_write(part, file, 0600)) != NULL)
		goto done;
	invited(c, in, path, code);
	if ((f = cmd_hand_out(c)) == NULL &&
	    (f = announce(c, in)) == NULL && rename(part, path) != 0)
		f = fault_errno(FAULT_FAIL, "cannot put %s in its place; the "
		    "invitation is in %s", path, part);
	else if (f != NULL)
		unlink(part);
done:
	free(part);
	return f;
}

static fault
invite_checked(struct ctx *c, const char *name, const char *path, long days)
{
	struct file_lock lock = FILE_LOCK_NONE;
	struct invite in = { .nhubs = 0 };
	struct buf file = BUF_EMPTY;
	char code[INVITE_CODE];
	fault f;

	if ((f = home_lock(&lock, &c->home)) != NULL)
		return f;
	invite_code(code);
	if ((f = fill_invite(c, &in, name, days)) == NULL &&
	    (f = invite_make(&file, &in, code, c->home.signer.sk)) == NULL)
		f = hand_over(c, &in, buf_view(&file), path, code);
	file_unlock(&lock);
	if (f == NULL)
		bind_now(c);
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
		    "--role worker and -o FILE");
	if (!role_parse(&r, role))
		return fault_new(FAULT_USAGE, "there is no role '%.40s'", role);
	if (r != ROLE_WORKER)
		return fault_new(FAULT_USAGE, "this version invites workers "
		    "only; nothing was made");
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
	return invite_checked(c, name, path, days);
}

/* --- join --------------------------------------------------------------- */

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
	else
		f = term_secret(&l, say("The six words of the code"));
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
	    (f = plant_roster(h, in)) != NULL)
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

/* --- members ------------------------------------------------------------ */

static const char *
status_name(struct ctx *c, const struct member *m)
{
	char ref[REF_MAX];
	struct oid oid;

	ref_device(ref, &m->device);
	switch (m->status) {
	case MEMBER_ACTIVE:
		return "active";
	case MEMBER_CUT:
		return "revoked";
	case MEMBER_UNINVITED:
		return "uninvited";
	default:
		return repo_ref(&oid, c->home.site.repo, ref) == NULL ?
		    "pending" : "invited";
	}
}

static fault
member_row(struct ctx *c, const struct member *m)
{
	struct json_out w = json_writer(&c->out);
	const char *role = m->role == 0 ? "" : role_name(m->role);
	char hex[ID_HEX], when[32] = "";
	uint64_t clock;
	int64_t days;
	fault f;

	if ((f = store_last_clock(&c->home.store, &m->device, &clock)) !=
	    NULL || (f = exchange_box_age(&c->home, &m->device, &days)) !=
	    NULL)
		return f;
	if (clock != 0)
		clock_text(when, hlc_ms(clock));
	if (!c->json) {
		buf_text(&c->out, "%s  %-12s %-10s %-21s %s\n",
		    id_hex(hex, &m->device), say(role),
		    say(status_name(c, m)), when,
		    m->name == NULL ? "" : m->name);
		return NULL;
	}
	json_open(&w, '{');
	json_key(&w, "device");
	json_put_text(&w, id_hex(hex, &m->device));
	json_key(&w, "name");
	json_put_text(&w, m->name == NULL ? "" : m->name);
	json_key(&w, "role");
	json_put_text(&w, role);
	json_key(&w, "status");
	json_put_text(&w, status_name(c, m));
	json_key(&w, "box_age_days");
	if (days >= 0)
		json_put_int(&w, days);
	else
		json_put_null(&w);
	json_key(&w, "last_seen");
	if (clock != 0)
		json_put_text(&w, when);
	else
		json_put_null(&w);
	json_close(&w);
	buf_text(&c->out, "\n");
	return NULL;
}

fault
cmd_members(struct ctx *c)
{
	const struct roster *ro;
	fault f = cmd_unlock_site(c);

	if (f != NULL)
		return f;
	ro = c->home.site.roster;
	for (size_t i = 0; f == NULL && i < ro->nmembers; i++)
		f = member_row(c, &ro->members[i]);
	return f;
}
