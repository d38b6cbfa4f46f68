/*
 * doctor -- check the store and the repository; rebuild what is derived.
 */
#include "fieldkit/cmds.h"

#include <stdlib.h>

#include "fieldkit/doctor.h"

static void
doctor_json(struct ctx *c, const struct doctor *d)
{
	struct json_out w = json_writer(&c->out);

	json_open(&w, '{');
	json_key(&w, "ok");
	json_put_bool(&w, d->n == 0);
	json_key(&w, "findings");
	json_open(&w, '[');
	for (size_t i = 0; i < d->n; i++)
		json_put_text(&w, d->lines[i]);
	json_close(&w);
	json_close(&w);
	buf_text(&c->out, "\n");
}

/* --- the repository ----------------------------------------------------- */

#define REFS_MAX 16384

/* Every commit of ref, and what each carries, as its hash says? */
static fault
read_back(struct site *s, const struct oid *head)
{
	struct buf blob = BUF_EMPTY;
	struct oid at = *head;
	struct commit c;
	fault f;

	do {
		buf_clear(&blob);
		if ((f = site_commit(&c, s, &at)) == NULL &&
		    ref_kind(c.ref, NULL, NULL) != REF_MAIN)
			f = site_blob(&blob, s, &c);
	} while (f == NULL && site_before(&at, &c));
	buf_free(&blob);
	return f;
}

static void
add_line(struct doctor *d, const char *ref, fault f)
{
	struct buf line = BUF_EMPTY;

	buf_text(&line, say("%s in the repository is damaged (%s); what was "
	    "saved is safe in device.db; put repo.git back from a copy of "
	    "this folder"), ref, f->text);
	d->lines = mem_grow(d->lines, (d->n + 1) * sizeof *d->lines);
	d->lines[d->n++] = mem_text(buf_cstr(&line));
	buf_free(&line);
}

static fault
check_repo(struct doctor *d, struct site *s)
{
	struct repo_ref *refs = NULL;
	size_t n = 0;
	fault f = repo_refs(&refs, &n, s->repo, "refs/heads/", REFS_MAX);

	for (size_t i = 0; f == NULL && i < n; i++) {
		f = read_back(s, &refs[i].oid);
		if (f != NULL && (f->code == FAULT_FORMAT ||
		    f->code == FAULT_ABSENT || f->code == FAULT_TRUST)) {
			add_line(d, refs[i].name, f);
			f = NULL;
		}
	}
	free(refs);
	return f;
}

/* A damaged database sends people here: it must not send them on in a circle. */
static fault
no_use(const struct ctx *c, fault f)
{
	if (f == NULL || f->code != FAULT_TRUST || f->detail == 0)
		return f;
	return fault_new(FAULT_TRUST, "device.db in %s is damaged (SQLite %d); "
	    "nothing was changed, and nothing here can mend it: keep the "
	    "folder, and restore a backup or be invited again; what was synced "
	    "is on the hub", c->home.path, f->detail);
}

fault
cmd_doctor(struct ctx *c)
{
	struct file_lock lock = FILE_LOCK_NONE;
	struct doctor d = { NULL, 0 };
	fault f;

	if ((f = cmd_unlock_site(c)) != NULL)
		return no_use(c, f);
	if ((f = home_lock(&lock, &c->home)) != NULL)
		return f;
	if ((f = search_start(c->home.db)) == NULL &&
	    option_given(c, "rebuild"))
		f = doctor_rebuild(&c->home.store);
	if (f == NULL)
		f = doctor_check(&d, &c->home.store);
	if (f == NULL)
		f = check_repo(&d, &c->home.site);
	file_unlock(&lock);
	if (f != NULL)
		goto done;
	if (c->json)
		doctor_json(c, &d);
	else if (d.n == 0)
		out(c, "The store is as its changes make it; the roster and "
		    "the repository open.\n");
	for (size_t i = 0; !c->json && i < d.n; i++)
		out(c, "%s\n", d.lines[i]);
	if (d.n > 0)
		c->status = 8;
done:
	doctor_free(&d);
	return no_use(c, f);
}
