#include "fieldkit/rewrite.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fieldkit/vault.h"
#include "sync/base/secret.h"

#define ROUNDS 3		/* rewritings by others while we open */

struct place {			/* the files of one rewriting */
	char		*db, *journal, *new, *new_journal;
};

static struct place
place_of(const char *home)
{
	return (struct place){ path_join(home, "device.db"),
	    path_join(home, "device.db-journal"),
	    path_join(home, "device.db.new"),
	    path_join(home, "device.db.new-journal") };
}

static void
place_free(struct place *p)
{
	free(p->db);
	free(p->journal);
	free(p->new);
	free(p->new_journal);
}

static void
remove_new(const struct place *p)
{
	unlink(p->new);
	unlink(p->new_journal);
}

/* The key for the database at path, to the vault. */
static fault
give_key(const char *path, const struct rewrite *r, enum keyfile_key which)
{
	uint8_t *key = NULL;
	fault f = which == KEY_NEWER ?
	    keyfile_newer_key(&key, r->keyfile, r->master) :
	    keyfile_database_key(&key, r->keyfile, r->master);

	if (f == NULL)
		vault_key(path, key, r->device.b);
	secret_free(key, 32);
	return f;
}

static fault
open_with(struct db **db, const char *path, const struct rewrite *r,
    enum keyfile_key which)
{
	fault f = give_key(path, r, which);

	return f != NULL ? f : db_open(db, path, false);
}

/* --- opening ------------------------------------------------------------ */

/*
 * The folder first: until a rename in it is on the disk, a power cut could
 * bring the old file back, beside the journal of the new one.  That the
 * keyfile cannot be written (a full disk) is no reason to stay locked: there
 * are two keys until the next time.
 */
static fault
finish(const struct rewrite *r, const struct place *p, enum keyfile_key which)
{
	fault f;

	remove_new(p);
	if ((f = file_sync_dir(r->home)) != NULL)
		return f;
	f = keyfile_keep_key(r->keyfile, which, r->master);
	(void)f;
	return NULL;
}

/* Two keys, and nobody is at work on them: the one that opens it counts. */
static fault
settle(struct db **db, const struct rewrite *r, const struct place *p)
{
	enum keyfile_key which = KEY_OLDER;
	fault f = open_with(db, p->db, r, which);

	if (f != NULL && f->code == FAULT_TRUST) {
		which = KEY_NEWER;
		f = open_with(db, p->db, r, which);
	}
	if (f != NULL || (f = finish(r, p, which)) == NULL)
		return f;
	db_close(*db);
	*db = NULL;
	return f;
}

static fault
open_two(struct db **db, const struct rewrite *r, const struct place *p)
{
	struct file_lock lock = FILE_LOCK_NONE;
	bool changed;
	fault f;

	if ((f = keyfile_lock(&lock, r->home)) != NULL)
		return f;
	if ((f = keyfile_again(r->keyfile, r->master, &changed)) == NULL)
		f = keyfile_database_keys(r->keyfile) == 1 ?
		    open_with(db, p->db, r, KEY_OLDER) : settle(db, r, p);
	file_unlock(&lock);
	return f;
}

/* With the keyfile as it was read. */
static fault
open_once(struct db **db, const struct rewrite *r, const struct place *p,
    bool create)
{
	fault f;

	if (keyfile_database_keys(r->keyfile) != 1)
		return open_two(db, r, p);
	if ((f = give_key(p->db, r, KEY_OLDER)) == NULL)
		f = db_open(db, p->db, create);
	return f;
}

fault
rewrite_open(struct db **db, const struct rewrite *r, bool create)
{
	struct place p = place_of(r->home);
	bool changed = true;
	fault f = NULL;

	for (int i = 0; i < ROUNDS && changed; i++) {
		f = open_once(db, r, &p, create);
		/* Another key may be the right one since we read it. */
		if (f == NULL || f->code != FAULT_TRUST ||
		    keyfile_again(r->keyfile, r->master, &changed) != NULL)
			break;
	}
	if (f == NULL)
		keyfile_mend(r->keyfile);
	place_free(&p);
	return f;
}

/* --- rewriting ---------------------------------------------------------- */

/* A journal that is left would be taken for the new file's. */
static fault
no_journal(const struct place *p)
{
	struct stat st;

	if (lstat(p->journal, &st) != 0 || st.st_size == 0)
		return NULL;
	return fault_new(FAULT_FAIL, "%s is not empty; nothing was changed; "
	    "run 'fieldkit doctor'", p->journal);
}

/*
 * Nobody writes to the old file from here on.  A transaction of our own goes
 * before, which empties whatever journal a dead process has left.
 */
static fault
hold(struct db **guard, struct db *db, const struct place *p)
{
	fault f;

	if ((f = db_begin(db)) != NULL)
		return f;
	/* "KITD", as it is. */
	if ((f = db_end(db, db_exec(db,
	    "PRAGMA application_id = 1263096900"))) != NULL ||
	    (f = db_open(guard, p->db, false)) != NULL ||
	    (f = db_begin(*guard)) != NULL)
		return f;
	return no_journal(p);
}

static fault
check_copy(const struct place *p)
{
	struct db *copy = NULL;
	fault f;

	if ((f = db_open(&copy, p->new, false)) == NULL)
		f = db_check(copy);
	db_close(copy);
	return f;
}

static fault
sync_file(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	fault f = NULL;

	if (fd < 0)
		return fault_errno(FAULT_FAIL, "cannot open %s", path);
	if (fsync(fd) != 0)
		f = fault_errno(FAULT_FAIL, "cannot sync %s", path);
	close(fd);
	return f;
}

/* A whole copy under the newer key, read back and on the disk. */
static fault
copy(struct db *db, const struct rewrite *r, const struct place *p)
{
	fault f;

	remove_new(p);
	if ((f = give_key(p->new, r, KEY_NEWER)) != NULL)
		return f;
	if ((f = db_copy(db, p->new)) == NULL &&
	    (f = check_copy(p)) == NULL)
		f = sync_file(p->new);
	vault_forget(p->new);
	unlink(p->new_journal);
	return f;
}

/* Back to the old key alone; what cannot be done now the next opening does. */
static void
take_back(const struct rewrite *r, const struct place *p)
{
	bool changed;
	fault f;

	remove_new(p);
	f = keyfile_again(r->keyfile, r->master, &changed);
	if (f == NULL && keyfile_database_keys(r->keyfile) == 2)
		f = keyfile_keep_key(r->keyfile, KEY_OLDER, r->master);
	(void)f;
}

/* Up to the rename: *placed says whether the new file is in place. */
static fault
replace(struct db *db, const struct rewrite *r, const struct place *p,
    bool *placed)
{
	struct db *guard = NULL;
	fault f;

	*placed = false;
	if ((f = hold(&guard, db, p)) != NULL)
		goto done;
	if ((f = keyfile_add_key(r->keyfile, r->master)) == NULL &&
	    (f = copy(db, r, p)) == NULL && rename(p->new, p->db) != 0)
		f = fault_errno(FAULT_FAIL, "cannot put %s in its place",
		    p->new);
	*placed = f == NULL;
	if (!*placed)
		take_back(r, p);
	else
		f = file_sync_dir(r->home);
done:
	/* Closed, not committed: there is nothing to write. */
	db_close(guard);
	return f;
}

/* One key in the keyfile as it is now: one that was left beside it, for want
 * of space, goes first. */
static fault
ready(const struct rewrite *r, const struct place *p)
{
	struct db *db = NULL;
	bool changed;
	fault f = keyfile_again(r->keyfile, r->master, &changed);

	if (f != NULL || keyfile_database_keys(r->keyfile) == 1)
		return f;
	f = settle(&db, r, p);
	db_close(db);
	if (f == NULL && keyfile_database_keys(r->keyfile) != 1)
		f = fault_new(FAULT_FAIL, "the key of an earlier rewriting "
		    "could not be removed; nothing was changed; free some "
		    "space and do it again");
	return f;
}

fault
rewrite(struct db **db, const struct rewrite *r)
{
	struct file_lock lock = FILE_LOCK_NONE;
	struct place p = place_of(r->home);
	bool placed = false;
	fault f;

	if ((f = keyfile_lock(&lock, r->home)) != NULL)
		goto done;
	if ((f = ready(r, &p)) == NULL)
		f = replace(*db, r, &p, &placed);
	if (!placed)
		goto done;
	db_close(*db);
	*db = NULL;
	if (f != NULL || (f = open_with(db, p.db, r, KEY_NEWER)) != NULL)
		goto done;
	f = fault_while(keyfile_keep_key(r->keyfile, KEY_NEWER, r->master),
	    "the store was rewritten, but its old key is still there");
done:
	file_unlock(&lock);
	place_free(&p);
	return f;
}
