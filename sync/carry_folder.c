/*
 * carry_folder -- a hub that is a folder: a stick, a share.
 */
#include "sync/carry.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "sync/base/file.h"
#include "sync/haul.h"
#include "sync/lockfile.h"
#include "sync/preflight.h"

#define LISTED_MAX 6000		/* all refs, old keyrings and strangers too */

struct carry {
	char		*url;
	struct repo	*hub;
	enum finding_code why;
	struct haul_bounds most;	/* of a part */
	struct haul	*line;		/* being fetched; NULL: none */
	struct repo	*into;		/* with these */
	struct oid	want, reached;
	bool		thorough;	/* pushes look all the way back */
};

/* The fault ring is short; a result must live as long as its push. */
static const struct fault raced = { FAULT_RACE, 0,
    "another device moved this ref first; nothing was lost" };
static const struct fault lacking = { FAULT_ABSENT, 0,
    "a part of this ref is not held here" };

/* ---- address ------------------------------------------------------------ */

static fault
not_carried(const char *url)
{
	return fault_new(FAULT_USAGE, "%s is not an address that this version "
	    "can carry to: give a folder", url);
}

static bool
hex_pair(uint8_t *out, const char *s)
{
	char pair[2] = { s[0], s[1] };

	for (int i = 0; i < 2; i++)
		if (pair[i] >= 'A' && pair[i] <= 'F')
			pair[i] = (char)(pair[i] - 'A' + 'a');
	return hex_parse(out, 1, (struct bytes){ (uint8_t *)pair, 2 });
}

/* What follows file://, its %XX put back. */
static fault
decode(struct buf *out, const char *url, const char *s)
{
	uint8_t c;

	for (; *s != '\0'; s++) {
		c = (uint8_t)*s;
		if (c == '%') {
			if (strlen(s) < 3 || !hex_pair(&c, s + 1))
				return not_carried(url);
			s += 2;
		}
		if (c < ' ')
			return not_carried(url);
		buf_add(out, &c, 1);
	}
	return NULL;
}

/* The folder of an address, without slashes at its end. */
static fault
folder_of(char **out, const char *url)
{
	struct buf b = BUF_EMPTY;
	const char *colon = strchr(url, ':'), *slash = strchr(url, '/');
	fault f = NULL;

	if (strncmp(url, "file://", 7) == 0 && url[7] == '/') {
		f = decode(&b, url, url + 7);
	} else if (url[0] == '\0' || strchr(url, '\n') != NULL ||
	    strstr(url, "://") != NULL || (colon != NULL &&
	    (slash == NULL || colon < slash) && !file_exists(url))) {
		/* "host:path" is ssh, unless there is such a folder. */
		f = not_carried(url);
	} else {
		buf_add_bytes(&b, bytes_of(url));
	}
	while (b.len > 1 && b.at[b.len - 1] == '/')
		b.len--;
	if (f == NULL)
		*out = mem_text(buf_cstr(&b));
	buf_free(&b);
	return f;
}

/* ---- hubs --------------------------------------------------------------- */

/* Nothing in it, or only what a hub_create that was killed left. */
static fault
vacant(const char *dir)
{
	static const char *const ours[] = { "objects", "refs", "config" };
	DIR *d = opendir(dir);
	struct dirent *e;
	fault f = NULL;

	if (d == NULL && errno == ENOENT)
		return NULL;
	if (d == NULL)
		return fault_errno(FAULT_INVALID, "cannot make a hub in %s",
		    dir);
	while (f == NULL && (e = readdir(d)) != NULL) {
		bool known = e->d_name[0] == '.' && (e->d_name[1] == '\0' ||
		    strcmp(e->d_name, "..") == 0);

		for (int i = 0; i < 3; i++)
			known |= strcmp(e->d_name, ours[i]) == 0;
		if (!known)
			f = fault_new(FAULT_INVALID, "%s holds other things "
			    "already (%s) and was not touched; give a new or "
			    "an empty folder", dir, e->d_name);
	}
	closedir(d);
	return f;
}

fault
hub_create(const char *dir)
{
	char *path = NULL;
	fault f = folder_of(&path, dir);

	if (f != NULL)
		return f;
	if (preflight(path) != NULL && (f = vacant(path)) == NULL)
		f = gitdir_make(path, 0, FAULT_HUB);
	free(path);
	return f;
}

fault
carry_open(struct carry **out, const char *url, const char *locks)
{
	struct carry *c = NULL;
	char *path = NULL, *real = NULL;
	fault f;

	if ((f = folder_of(&path, url)) != NULL ||
	    (f = preflight(path)) != NULL)
		goto done;
	/* One spelling, so that the notes of another run are recognised. */
	if ((real = realpath(path, NULL)) == NULL) {
		f = fault_errno(FAULT_HUB, "the hub at %s cannot be read", path);
		goto done;
	}
	c = mem_new(sizeof *c);
	c->url = mem_text(url);
	c->why = FIND_CORRUPT;
	carry_bound(c, WIRE_SEQ_STEP, WIRE_FETCH_MAX);
	if ((f = repo_open_hub(&c->hub, real, locks)) != NULL)
		goto done;
	lockfile_clean(repo_dir(c->hub));
	*out = c;
	c = NULL;
done:
	carry_close(c);
	free(path);
	free(real);
	return f;
}

void
carry_close(struct carry *c)
{
	if (c == NULL)
		return;
	if (c->hub != NULL)
		lockfile_clean(repo_dir(c->hub));
	haul_free(c->line);
	repo_close(c->hub);
	free(c->url);
	free(c);
}

const char *
carry_url(const struct carry *c)
{
	return c->url;
}

enum finding_code
carry_why(const struct carry *c)
{
	return c->why;
}

/* ---- refs --------------------------------------------------------------- */

/* All keyrings but the newest are old: listed, and not counted. */
static size_t
count_refs(const struct repo_ref *r, size_t n)
{
	size_t count = 0, keyrings = 0;

	for (size_t i = 0; i < n; i++)
		if (ref_kind(r[i].name, NULL, NULL) == REF_KEYRING)
			keyrings++;
		else
			count++;
	return count + (keyrings > 0);
}

fault
carry_refs(struct repo_ref **out, size_t *n, size_t *foreign, struct carry *c)
{
	struct refs l = REFS_EMPTY;
	size_t ours = 0;
	fault f = refdb_list(&l, repo_dir(c->hub), "refs/heads/", LISTED_MAX);

	if (f != NULL)
		return f;
	for (size_t i = 0; i < l.n; i++)
		if (ref_kind(l.at[i].name, NULL, NULL) != REF_OTHER)
			l.at[ours++] = l.at[i];
	if (count_refs(l.at, ours) > WIRE_REFS_MAX) {
		f = fault_new(FAULT_FORMAT, "the hub at %s has more than the %u"
		    " branches allowed", c->url, WIRE_REFS_MAX);
		goto done;
	}
	*out = l.at;
	*n = ours;
	*foreign = l.n - ours + l.odd;
	l.at = NULL;
done:
	refdb_free(&l);
	return f;
}

/* ---- fetch -------------------------------------------------------------- */

/*
 * A stick that was pulled looks like damage.  Say so only while the hub is
 * still there.
 */
static fault
blame(const struct carry *c, fault f)
{
	fault now;

	if (f == NULL || (f->code != FAULT_FORMAT && f->code != FAULT_ABSENT))
		return f;
	now = preflight(repo_path(c->hub));
	if (now != NULL && now->code == FAULT_HUB)
		return now;
	if (f->code == FAULT_ABSENT)
		return fault_new(FAULT_FORMAT, "%s", f->text);
	return f;
}

/* Does it go on where the last part ended?  Then nothing is walked again. */
static bool
goes_on(const struct carry *c, const struct repo *into,
    const struct oid *have, const struct oid *want)
{
	return c->line != NULL && c->into == into &&
	    oid_eq(&c->reached, have) && oid_eq(&c->want, want);
}

static void
forget_line(struct carry *c)
{
	haul_free(c->line);
	c->line = NULL;
}

static fault
fetch_part(struct carry *c, struct repo *into, const char *ref,
    const struct oid *have, const struct oid *want)
{
	struct haul_bounds most = c->most;
	size_t n;
	fault f;

	most.blob = ref_blob_max(ref);
	if (goes_on(c, into, have, want)) {
		f = haul_next(c->line, &c->reached, &most);
	} else {
		forget_line(c);
		c->line = haul_new(c->hub, into);
		c->into = into;
		c->want = *want;
		f = haul_line(c->line, &c->reached, &most, have, want);
	}
	return f == NULL ? haul_copy(c->line, &n) : f;
}

fault
carry_fetch(struct carry *c, struct repo *into, const char *ref,
    const struct oid *have, const struct oid *want)
{
	fault f = fetch_part(c, into, ref, have, want);

	c->why = haul_over(c->line) ? FIND_OVERSIZED : FIND_CORRUPT;
	if (f != NULL || oid_eq(&c->reached, want))
		forget_line(c);
	return fault_while(blame(c, f), "fetching %s", ref);
}

const struct oid *
carry_reached(const struct carry *c)
{
	return &c->reached;
}

void
carry_bound(struct carry *c, size_t commits, uint64_t bytes)
{
	c->most.commits = commits;
	c->most.bytes = bytes;
}

bool
carry_has(struct carry *c, const struct oid *oid)
{
	return repo_has(c->hub, oid);
}

/* ---- push --------------------------------------------------------------- */

static fault
move(struct carry *c, struct push *p)
{
	fault f = refdb_move(repo_dir(c->hub), p->ref,
	    oid_zero(&p->old) ? NULL : &p->old,
	    oid_zero(&p->new) ? NULL : &p->new);

	if (f != NULL && f->code == FAULT_RACE) {
		p->result = &raced;
		f = NULL;
	}
	return f;
}

/* Mark what every push needs; one whose parts we lack ourselves is out. */
static fault
gather(struct haul *h, struct push *p, size_t n)
{
	fault f = NULL;

	for (size_t i = 0; i < n && f == NULL; i++) {
		p[i].result = NULL;
		if (oid_zero(&p[i].new))
			continue;
		f = haul_all(h, &p[i].new);
		if (f != NULL && f->code == FAULT_ABSENT) {
			p[i].result = &lacking;
			f = NULL;
		}
	}
	return f;
}

void
carry_thorough(struct carry *c)
{
	c->thorough = true;
}

fault
carry_push(struct carry *c, struct repo *from, struct push *p, size_t n)
{
	struct haul *h = haul_new(from, c->hub);
	size_t sent = 0;
	fault f;

	if (c->thorough)
		haul_thorough(h);
	if ((f = gather(h, p, n)) != NULL ||
	    (f = haul_copy(h, &sent)) != NULL)
		goto done;
	for (size_t i = 0; i < n && f == NULL; i++)
		if (p[i].result == NULL)
			f = move(c, &p[i]);
	/*
	 * What was pushed is safe: a hub that cannot be consolidated now (full,
	 * damaged, in use) is slower, and the next push tries again.
	 */
	if (f == NULL && sent > 0 && repo_consolidate(c->hub) != NULL)
		repo_refresh(c->hub);
done:
	haul_free(h);
	return f == NULL ? NULL : fault_while(f, "pushing to %s", c->url);
}
