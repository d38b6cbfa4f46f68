/*
 * world -- a project in a scratch folder: coordinator Noor, her hub, and
 * devices that she invites; all of it made with the real functions.
 *
 *	struct world w;
 *	struct kit *amira;
 *	world_start(&w);
 *	amira = world_invite(&w);		her invitation is bound
 *	kit_write(amira, 3);			join line and three changes
 *	kit_sync(amira, w.hub);
 *	world_admit(&w, amira);
 *	world_end(&w);
 *
 * A test program calls scratch_make first (WORLD_RUN does).
 */
#ifndef TESTS_UNIT_WORLD_H
#define TESTS_UNIT_WORLD_H

#include <sodium.h>

#include "sync/audit.h"
#include "sync/collect.h"
#include "sync/hub_id.h"
#include "sync/mainline.h"
#include "sync/paper.h"
#include "sync/pins.h"
#include "sync/publish.h"
#include "sync/sync.h"
#include "tests/unit/scratch.h"

#define KITS 8

struct kit {			/* a device */
	struct site	site;
	struct signer	signer;
	struct keys	*keys;
	struct join	join;
	bool		joiner;
	uint64_t	written;	/* changes */
	char		path[128];	/* its repository */
	/* of the last sync */
	struct findings	findings;
	size_t		received, sent, healed;
	bool		adopted, frozen, held_back;
};

struct world {
	struct kit	noor, kits[KITS];
	size_t		nkits;
	struct paper	paper;
	char		hub[128];
	char		dir[96];
	unsigned	audits;
};

#define WORLD_RUN(...) world_run((const struct CMUnitTest[]){ __VA_ARGS__ }, \
    sizeof((const struct CMUnitTest[]){ __VA_ARGS__ }) / \
    sizeof(struct CMUnitTest))

static inline int
world_run(const struct CMUnitTest *tests, size_t n)
{
	int r;

	if (!scratch_make())
		return 1;
	r = test_run(tests, n);
	return scratch_remove() ? r : 1;
}

static inline void
kit_draw(struct kit *k)
{
	k->signer.sk = secret_new(SIGN_SK);
	sign_keypair(k->signer.pk, k->signer.sk);
	random_fill(k->signer.box_pk, 32);
	k->site.signer = &k->signer;
}

static inline void
kit_end(struct kit *k)
{
	site_close(&k->site);
	secret_free(k->signer.sk, SIGN_SK);
	keys_free(k->keys);
	findings_free(&k->findings);
}

static inline void
append_entry(struct kit *k, struct entry *e)
{
	struct buf blob = BUF_EMPTY;
	struct commit c = { .seq = 0 };
	struct oid oid;
	const struct epoch *epoch = roster_epoch(k->site.roster);

	assert_ok(entry_finish(&blob, e, epoch == NULL ? 1 : epoch->e,
	    k->keys, k->site.squeeze));
	assert_ok(site_append(&oid, &k->site, SITE_ROSTER, &c,
	    buf_view(&blob), &k->signer));
	buf_free(&blob);
	entry_free(e);
}

static inline void
world_found(struct world *w)
{
	struct kit *n = &w->noor;
	struct member me = { .device = n->site.self, .caps = CAP_WRITE |
	    CAP_COORDINATE };
	struct entry e = ENTRY_EMPTY;

	memcpy(me.sign_pk, n->signer.pk, 32);
	memcpy(me.box_pk, n->signer.box_pk, 32);
	entry_project(&e, &n->site.project, true);
	entry_member(&e, &me);
	entry_paper(&e, w->paper.sign_pk, w->paper.box_pk);
	assert_ok(entry_epoch(&e, &(struct epoch_plan){ 1, 1, NULL,
	    w->paper.box_pk }, n->keys));
	entry_title(&e, "Veldwerk");
	entry_name(&e, &n->site.self, ROLE_COORDINATOR, "Noor");
	append_entry(n, &e);
}

/* A hub in a folder; path holds at least 128 bytes. */
static inline void
world_hub(struct world *w, char *path, const char *name)
{
	snprintf(path, 128, "%s/%s", w->dir, name);
	assert_ok(hub_create(path));
}

static inline void
world_start(struct world *w)
{
	static unsigned n;
	struct kit *k = &w->noor;

	memset(w, 0, sizeof *w);
	snprintf(w->dir, sizeof w->dir, "%s/w%u", scratch, n++);
	assert_ok(file_mkdir(w->dir, 0700));
	world_hub(w, w->hub, "hub");
	paper_draw(&w->paper);
	kit_draw(k);
	k->site.self = id_random();
	k->site.project = id_random();
	k->keys = keys_new();
	keys_draw_epoch(k->keys, 1);
	keys_draw_tree(k->keys, 1);
	snprintf(k->path, sizeof k->path, "%s/noor.git", w->dir);
	assert_ok(repo_create(k->path));
	assert_ok(site_open(&k->site, k->path, k->keys));
	world_found(w);
}

static inline void
world_end(struct world *w)
{
	kit_end(&w->noor);
	for (size_t i = 0; i < w->nkits; i++)
		kit_end(&w->kits[i]);
	assert_ok(file_remove_tree(w->dir));
}

/* --- sync --------------------------------------------------------------- */

/* While no home is named, the first hub of the coordinator becomes it. */
static inline fault
settle_home(struct kit *k, struct sync *s)
{
	struct entry e = ENTRY_EMPTY;
	fault f;

	if (k->joiner || !id_zero(&k->site.roster->home))
		return NULL;
	if ((f = sync_name_hub(s, &k->signer)) != NULL)
		return f;
	entry_home(&e, &s->hub);
	append_entry(k, &e);
	return NULL;
}

static inline fault
sync_steps(struct kit *k, struct sync *s, struct carry *c,
    const struct signer *who)
{
	fault f;

	if ((f = sync_begin(s, &k->site, c)) != NULL ||
	    (f = sync_fetch_first(s)) != NULL)
		return f;
	if (who != NULL && (f = settle_home(k, s)) != NULL)
		return f;
	if ((f = sync_fetch_rest(s)) != NULL)
		return f;
	return sync_push(s, who);
}

static inline fault
kit_try_as(struct kit *k, const char *hub, const struct signer *who)
{
	struct carry *c = NULL;
	struct sync s;
	char locks[160];
	fault f;

	findings_free(&k->findings);
	k->received = k->sent = k->healed = 0;
	k->adopted = k->frozen = k->held_back = false;
	snprintf(locks, sizeof locks, "%s.locks", k->path);
	if ((f = carry_open(&c, hub, locks)) != NULL)
		return f;
	f = sync_steps(k, &s, c, who);
	for (size_t i = 0; i < s.findings.n; i++)
		findings_add(&k->findings, &s.findings.at[i]);
	k->received = s.received;
	k->sent = s.sent;
	k->healed = s.healed;
	k->adopted = s.adopted;
	k->frozen = s.frozen;
	k->held_back = s.held_back;
	sync_end(&s);
	carry_close(c);
	return f;
}

static inline fault
kit_try(struct kit *k, const char *hub)
{
	return kit_try_as(k, hub, &k->signer);
}

static inline bool
found(const struct findings *fs, enum finding_code code, const char *ref)
{
	for (size_t i = 0; i < fs->n; i++)
		if (fs->at[i].code == code && (ref == NULL ||
		    strcmp(fs->at[i].ref, ref) == 0))
			return true;
	return false;
}

static inline void
show_findings(const struct findings *fs)
{
	for (size_t i = 0; i < fs->n; i++)
		print_message("  %s %s %llu: %s\n",
		    finding_name(fs->at[i].code), fs->at[i].ref,
		    (unsigned long long)fs->at[i].seq, fs->at[i].text);
}

/* A sync that works and finds nothing wrong. */
static inline void
kit_sync(struct kit *k, const char *hub)
{
	assert_ok(kit_try(k, hub));
	if (k->findings.n > 0)
		show_findings(&k->findings);
	assert_int_equal(k->findings.n, 0);
}

/* A sync that works and raises exactly this. */
static inline void
kit_alarm(struct kit *k, const char *hub, enum finding_code code,
    const char *ref)
{
	assert_ok(kit_try(k, hub));
	if (k->findings.n != 1 || !found(&k->findings, code, ref))
		show_findings(&k->findings);
	assert_int_equal(k->findings.n, 1);
	assert_true(found(&k->findings, code, ref));
}

/* --- joining ------------------------------------------------------------ */

static inline void
copy_roster(struct kit *to, struct kit *from)
{
	struct oid head, at, blob;
	struct commit c;
	struct buf raw = BUF_EMPTY, b = BUF_EMPTY;
	struct tree_entry e;

	for (uint64_t seq = 1; seq <= from->site.bound; seq++) {
		assert_ok(repo_ref(&head, from->site.repo, SITE_ROSTER));
		assert_ok(chain_at(&at, &from->site, &head, seq));
		buf_clear(&raw);
		buf_clear(&b);
		assert_ok(site_commit_raw(&c, &raw, &from->site, &at));
		assert_ok(site_blob(&b, &from->site, &c));
		assert_ok(repo_write(&blob, to->site.repo, OBJECT_BLOB,
		    buf_view(&b)));
		assert_true(ref_entry(e.name, SITE_ROSTER));
		e.blob = blob;
		assert_ok(repo_write_tree(&head, to->site.repo, &e, 1));
		assert_ok(repo_write(&at, to->site.repo, OBJECT_COMMIT,
		    buf_view(&raw)));
	}
	assert_ok(repo_ref_move(to->site.repo, SITE_ROSTER, NULL, &at));
	buf_free(&raw);
	buf_free(&b);
}

/* Fill m and k->join as an invitation and its joiner would. */
static inline void
take_up(struct kit *k, const struct world *w, const struct member *m,
    const uint8_t once_sk[SIGN_SK])
{
	k->join = (struct join){ .project = w->noor.site.project,
	    .device = m->device, .file = m->file };
	memcpy(k->join.sign_pk, k->signer.pk, 32);
	memcpy(k->join.box_pk, k->signer.box_pk, 32);
	join_make(&k->join, once_sk, k->signer.sk);
}

static inline void
kit_open(struct kit *k, struct world *w, const char *name)
{
	snprintf(k->path, sizeof k->path, "%s/%s.git", w->dir, name);
	assert_ok(repo_create(k->path));
	k->site.project = w->noor.site.project;
	k->site.genesis = w->noor.site.genesis;
	assert_ok(site_open(&k->site, k->path, k->keys));
	copy_roster(k, &w->noor);
	assert_ok(site_reload(&k->site));
}

/* As world_invite, for a second joiner with the same file (NULL: none). */
static inline struct kit *
world_invite_twice(struct world *w, struct kit *second)
{
	struct kit *k = &w->kits[w->nkits++];
	struct member m = { .device = id_random(), .caps = CAP_WRITE,
	    .expires = UINT64_C(4102444800) };
	struct entry e = ENTRY_EMPTY;
	uint8_t *once = secret_new(SIGN_SK);
	char name[24];

	sign_keypair(m.once_pk, once);
	random_fill(m.file.b, sizeof m.file.b);
	entry_invite(&e, &m);
	entry_name(&e, &m.device, ROLE_WORKER, "Amira");
	append_entry(&w->noor, &e);
	if (!id_zero(&w->noor.site.roster->home))
		kit_sync(&w->noor, w->hub);	/* it binds */
	for (struct kit *j = k; j != NULL; j = j == k ? second : NULL) {
		kit_draw(j);
		j->joiner = true;
		j->site.self = m.device;
		j->keys = keys_for_role(w->noor.keys, ROLE_WORKER, &m.device);
		snprintf(name, sizeof name, "kit%zu%s", w->nkits,
		    j == k ? "" : "-second");
		kit_open(j, w, name);
		take_up(j, w, &m, once);
	}
	secret_free(once, SIGN_SK);
	return k;
}

static inline struct kit *
world_invite(struct world *w)
{
	return world_invite_twice(w, NULL);
}

/* Noor has k's chain; she admits it, and the entry binds. */
static inline void
world_admit(struct world *w, struct kit *k)
{
	struct entry e = ENTRY_EMPTY;

	kit_sync(&w->noor, w->hub);
	entry_admit(&e, &k->site.self, k->signer.pk, k->signer.box_pk);
	append_entry(&w->noor, &e);
	kit_sync(&w->noor, w->hub);
}

/* --- writing ------------------------------------------------------------ */

static inline struct change
make_change(struct kit *k)
{
	struct change c = CHANGE_EMPTY;
	struct change_field *f;

	c.dot = (struct dot){ k->site.self, ++k->written };
	c.record = id_random();
	c.index = (struct index){ k->site.self, (uint32_t)k->written };
	c.type = bytes_of("observation");
	c.clock = k->written << 16;
	f = change_add(&c, bytes_of("narrative"), COMP_TEAM, KIND_VALUE);
	change_add_value(f, bytes_of("it rained, and nobody was there"));
	change_sort(&c);
	return c;
}

static inline struct publish
kit_plan(const struct kit *k, const struct change *const *list, size_t n)
{
	return (struct publish){ .changes = list, .nchanges = n,
	    .join = k->joiner ? &k->join : NULL };
}

/* n changes in one commit. */
static inline void
kit_write(struct kit *k, size_t n)
{
	struct change own[64];
	const struct change *list[64];
	struct publish p;
	size_t commits;

	for (size_t i = 0; i < n; i++) {
		own[i] = make_change(k);
		list[i] = &own[i];
	}
	p = kit_plan(k, list, n);
	assert_ok(publish(&k->site, &p, &k->signer, &commits));
	assert_int_equal(commits, 1);
	for (size_t i = 0; i < n; i++)
		change_free(&own[i]);
}

/* --- looking ------------------------------------------------------------ */

static inline const char *
kit_ref(const struct kit *k)
{
	static char ref[4][REF_MAX];
	static unsigned next;
	char *to = ref[next++ % 4];

	ref_device(to, &k->site.self);
	return to;
}

static inline struct oid
head_of(struct kit *k, const char *ref)
{
	struct oid oid;

	assert_ok(ref_get(&oid, k->site.repo, ref));
	return oid;
}

/* Number of the head; 0: none. */
static inline uint64_t
seq_of(struct kit *k, const char *ref)
{
	struct oid oid = head_of(k, ref);
	struct commit c;

	if (oid_zero(&oid))
		return 0;
	assert_ok(site_commit(&c, &k->site, &oid));
	return c.seq;
}

static inline fault
count_changes(void *arg, const struct collected *c)
{
	*(size_t *)arg += c->segment->nchanges;
	return NULL;
}

/* How many changes of a device open here. */
static inline size_t
opened_of(struct kit *k, const struct kit *of)
{
	size_t n = 0;

	assert_ok(collect(&k->site, &of->site.self, 0, count_changes, &n));
	return n;
}

/* --- main --------------------------------------------------------------- */

/* Noor merges every admitted head that she holds; how many moved. */
static inline size_t
world_merge(struct world *w)
{
	const struct roster *r = w->noor.site.roster;
	struct accepted at[KITS + 1];
	struct merged_head *merged = NULL;
	char ref[REF_MAX];
	struct commit c;
	size_t n = 0, m = 0;

	for (size_t i = 0; i < r->nmembers; i++) {
		ref_device(ref, &r->members[i].device);
		if (site_head(&c, &at[n].oid, &w->noor.site, ref) != NULL)
			continue;
		at[n].device = r->members[i].device;
		at[n].seq = c.seq;
		at[n++].hash = c.hash;
	}
	assert_ok(mainline_merge(&w->noor.site, at, n, &w->noor.signer,
	    &merged, &m));
	free(merged);
	return m;
}

#endif
