/*
 * keyfile_copies -- the two copies of the keyfile on the disk: the newer whole
 * one counts, and they are replaced one after the other by one process at a
 * time.
 */
#include "fieldkit/keyfile.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fieldkit/keyfile_own.h"

#define LOCK_WAIT_MS 30000

static const char *const copies[2] = { "keyfile.a", "keyfile.b" };

fault
keyfile_write_copy(const char *home, int which, struct bytes all)
{
	char *path = path_join(home, copies[which]);
	struct buf back = BUF_EMPTY;
	fault f;

	if ((f = file_write(path, all, 0600)) != NULL)
		goto done;
	if ((f = file_read(&back, path, FILE_MAX)) != NULL)
		goto done;
	if (!bytes_eq(all, buf_view(&back)))
		f = fault_new(FAULT_FAIL, "%s does not read back as it was "
		    "written; the other copy was left alone; check this disk",
		    path);
done:
	buf_free(&back);
	free(path);
	return f;
}

static fault
read_copy(struct keyfile *k, const char *home, int which)
{
	char *path = path_join(home, copies[which]);
	struct buf all = BUF_EMPTY;
	fault f;

	if ((f = file_read(&all, path, FILE_MAX)) == NULL)
		f = fault_while(keyfile_decode(k, buf_view(&all)), "%s", path);
	buf_free(&all);
	free(path);
	return f;
}

bool
keyfile_has_copy(const char *home, int which)
{
	char *path = path_join(home, copies[which]);
	bool found = file_exists(path);

	free(path);
	return found;
}

/* A newer kit was here: its copies are not ours to mend. */
static bool
is_newer(fault f)
{
	return f != NULL && f->code == FAULT_INVALID;
}

static fault
worse(fault a, fault b)
{
	if (is_newer(b) || a == NULL || a->code == FAULT_ABSENT)
		return b;
	return a;
}

fault
keyfile_read(struct keyfile *out, const char *home)
{
	struct keyfile k[2] = { 0 };
	fault f[2] = { read_copy(&k[0], home, 0), read_copy(&k[1], home, 1) };
	int best;

	if ((f[0] != NULL && f[1] != NULL) || is_newer(f[0]) ||
	    is_newer(f[1])) {
		keyfile_free(&k[0]);
		keyfile_free(&k[1]);
		return worse(f[0], f[1]);
	}
	best = f[0] != NULL || (f[1] == NULL &&
	    k[1].generation > k[0].generation);
	k[best].stale[!best] = f[!best] != NULL ||
	    !bytes_eq(buf_view(&k[0].raw), buf_view(&k[1].raw));
	k[best].home = mem_text(home);
	keyfile_free(&k[!best]);
	*out = k[best];
	return NULL;
}

/* --- one process at a time ---------------------------------------------- */

static fault
lock_for(struct file_lock *l, const char *home, int wait_ms)
{
	char *path = path_join(home, "keyfile.lock");
	fault f = file_lock(l, path, wait_ms);

	free(path);
	return f;
}

fault
keyfile_lock(struct file_lock *l, const char *home)
{
	return lock_for(l, home, LOCK_WAIT_MS);
}

fault
keyfile_same(const struct keyfile *k)
{
	struct keyfile now = { 0 };
	fault f;

	if ((f = keyfile_read(&now, k->home)) != NULL)
		return f;
	if (!bytes_eq(buf_view(&now.raw), buf_view(&k->raw)))
		f = fault_new(FAULT_FAIL, "another process has changed the "
		    "keyfile in %s; nothing was changed; do it again",
		    k->home);
	keyfile_free(&now);
	return f;
}

fault
keyfile_again(struct keyfile *k, const uint8_t master[MASTER_LEN],
    bool *changed)
{
	struct keyfile now = { 0 };
	fault f;

	*changed = false;
	if ((f = keyfile_read(&now, k->home)) != NULL)
		return f;
	if (!id_eq(&now.device, &k->device) || !keyfile_fits(&now, master)) {
		keyfile_free(&now);
		return keyfile_damaged();
	}
	*changed = !bytes_eq(buf_view(&now.raw), buf_view(&k->raw));
	keyfile_free(k);
	*k = now;
	return NULL;
}

/* Who holds the lock writes both copies by itself. */
void
keyfile_mend(const struct keyfile *k)
{
	struct file_lock lock = FILE_LOCK_NONE;
	struct keyfile now = { 0 };
	fault f;

	if ((!k->stale[0] && !k->stale[1]) ||
	    lock_for(&lock, k->home, 0) != NULL)
		return;
	f = keyfile_read(&now, k->home);
	for (int i = 0; f == NULL && i < 2; i++)
		if (now.stale[i] &&
		    bytes_eq(buf_view(&now.raw), buf_view(&k->raw)))
			f = keyfile_write_copy(k->home, i, buf_view(&k->raw));
	/* A read-only disk is no reason to stay locked; next time, then. */
	(void)f;
	keyfile_free(&now);
	file_unlock(&lock);
}

/*
 * What a killed process has left of a copy holds database keys too.  Under
 * the lock nobody is at work on one, so whose number it has does not matter.
 */
static void
sweep(const char *home)
{
	struct dirent *e;
	DIR *d = opendir(home);

	while (d != NULL && (e = readdir(d)) != NULL) {
		size_t n = strlen(e->d_name);

		for (int i = 0; i < 2; i++)
			if (strncmp(e->d_name, copies[i], strlen(copies[i])) ==
			    0 && n > 4 && strcmp(e->d_name + n - 4, ".tmp") ==
			    0)
				unlinkat(dirfd(d), e->d_name, 0);
	}
	if (d != NULL)
		closedir(d);
}

fault
keyfile_put(struct keyfile *k, struct buf *b, bool *counts)
{
	fault f;

	*counts = false;
	sweep(k->home);
	if ((f = keyfile_write_copy(k->home, 0, buf_view(b))) != NULL)
		return f;
	*counts = true;
	buf_wipe(&k->raw);
	k->raw = *b;
	*b = (struct buf)BUF_EMPTY;
	k->generation++;
	f = keyfile_write_copy(k->home, 1, buf_view(&k->raw));
	k->stale[0] = false;
	k->stale[1] = f != NULL;
	return f;
}
