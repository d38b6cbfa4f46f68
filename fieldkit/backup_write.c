/*
 * backup_write -- all of a home into one file, read back before it counts.
 */
#include "fieldkit/backup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SMALL_MAX	(16u << 20)	/* alarms, hubs */
#define PIECE		65536u
#define DEPTH_MAX	8

/* --- parts -------------------------------------------------------------- */

/* A small file that is replaced whole, never written into. */
static fault
put_small(struct backup *b, struct home *h, const char *name, bool must)
{
	char *path = home_file(h, name);
	struct buf all = BUF_EMPTY;
	fault f = file_read(&all, path, SMALL_MAX);

	if (f != NULL && f->code == FAULT_ABSENT && !must)
		f = NULL;
	else if (f == NULL && (f = backup_part(b, name, all.len)) == NULL)
		f = backup_put(b, buf_view(&all));
	free(path);
	buf_free(&all);
	return f;
}

static fault
put_fd(struct backup *b, int fd, const char *name)
{
	uint8_t *piece = mem_new(PIECE);
	struct stat st;
	ssize_t n;
	fault f;

	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
		f = fault_new(FAULT_FAIL, "%.200s is no file of a home; no "
		    "backup was made; run 'fieldkit doctor'", name);
		goto done;
	}
	f = backup_part(b, name, (uint64_t)st.st_size);
	while (f == NULL && (n = read(fd, piece, PIECE)) != 0) {
		if (n > 0)
			f = backup_put(b, (struct bytes){ piece, (size_t)n });
		else if (errno != EINTR)
			f = fault_errno(FAULT_FAIL, "cannot read %s", name);
	}
done:
	free(piece);
	return f;
}

static fault
put_file(struct backup *b, struct home *h, const char *name)
{
	char *path = home_file(h, name);
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	fault f = fd < 0 ? fault_errno(FAULT_FAIL, "cannot open %s", path) :
	    put_fd(b, fd, name);

	if (fd >= 0)
		close(fd);
	free(path);
	return f;
}

/*
 * The pages as they lie there, encrypted, while a transaction keeps every
 * writer out.  The descriptor is closed behind its end: closing any drops
 * the locks of this process on the file, SQLite's too.
 */
static fault
put_database(struct backup *b, struct home *h)
{
	char *path = home_file(h, "device.db");
	int fd = -1;
	fault f;

	if ((f = db_check(h->db)) != NULL || (f = db_begin(h->db)) != NULL)
		goto done;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	f = fd < 0 ? fault_errno(FAULT_FAIL, "cannot open %s", path) :
	    put_fd(b, fd, "device.db");
	f = db_end(h->db, f);
done:
	if (fd >= 0)
		close(fd);
	free(path);
	return f;
}

/* What a process that died left, and what git may leave: nothing of ours. */
static bool
leftover(const char *entry)
{
	size_t n = strlen(entry);

	return entry[0] == '.' || strncmp(entry, "tmp_", 4) == 0 ||
	    (n > 5 && strcmp(entry + n - 5, ".lock") == 0);
}

static fault
put_folder(struct backup *b, struct home *h, const char *name, int depth)
{
	char *path = home_file(h, name), *inner;
	struct dirent *e;
	struct stat st;
	fault f = NULL;
	DIR *d = opendir(path);

	if (d == NULL) {
		f = fault_errno(FAULT_FAIL, "cannot open folder %s", path);
		goto done;
	}
	if (depth > DEPTH_MAX)
		f = fault_new(FAULT_FAIL, "%.200s is no file of a home; no "
		    "backup was made; run 'fieldkit doctor'", name);
	while (f == NULL && (e = readdir(d)) != NULL) {
		if (leftover(e->d_name))
			continue;
		inner = path_join(name, e->d_name);
		if (fstatat(dirfd(d), e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0
		    && S_ISDIR(st.st_mode))
			f = put_folder(b, h, inner, depth + 1);
		else
			f = put_file(b, h, inner);
		free(inner);
	}
	closedir(d);
done:
	free(path);
	return f;
}

static fault
put_packed_refs(struct backup *b, struct home *h)
{
	return put_small(b, h, "repo.git/packed-refs", false);
}

/* The config and HEAD of a repository are always the same: not from here. */
static fault
put_all(struct backup *b, struct home *h)
{
	fault f;

	if ((f = put_small(b, h, "kit.conf", true)) != NULL ||
	    (f = put_small(b, h, "hubs", false)) != NULL ||
	    (f = put_small(b, h, "alarms", false)) != NULL ||
	    (f = put_small(b, h, "last-sync", false)) != NULL ||
	    (f = put_database(b, h)) != NULL ||
	    (f = put_packed_refs(b, h)) != NULL ||
	    (f = put_folder(b, h, "repo.git/refs", 0)) != NULL ||
	    (f = put_folder(b, h, "repo.git/objects", 0)) != NULL)
		return f;
	return backup_end(b);
}

/* --- the file ----------------------------------------------------------- */

/* All of it again from the disk: every tag, every name, the same bytes. */
static fault
read_back(const char *path, const struct home *h, const struct hash *sum)
{
	struct backup *b = NULL;
	char name[BACKUP_NAME];
	struct hash again;
	uint64_t size;
	fault f;

	if ((f = backup_open(&b, path)) != NULL ||
	    (f = backup_key(b, h->master)) != NULL)
		goto done;
	do
		f = backup_next(b, name, &size);
	while (f == NULL && name[0] != '\0');
	if (f != NULL)
		goto done;
	again = backup_sum(b);
	if (!hash_eq(&again, sum) || !keyfile_fits(backup_keyfile(b),
	    h->master))
		f = fault_new(FAULT_FAIL, "%s does not read back as it was "
		    "written; no backup was made; check this disk", path);
done:
	backup_close(b);
	return f;
}

fault
backup_write(const char *path, struct home *h)
{
	size_t room = strlen(path) + 8;
	char *part = mem_new(room);
	struct backup *b = NULL;
	struct hash sum;
	fault f;

	snprintf(part, room, "%s.part", path);
	if (file_exists(path)) {
		f = fault_new(FAULT_INVALID, "%s is there already; it was not "
		    "touched; choose another name for the backup", path);
		goto done;
	}
	if ((f = backup_begin(&b, part, buf_view(&h->keyfile.raw),
	    h->master)) != NULL)
		goto done;
	if ((f = put_all(b, h)) == NULL) {
		sum = backup_sum(b);
		f = read_back(part, h, &sum);
	}
	if (f == NULL)
		f = file_move_new(part, path);
	if (f != NULL)
		unlink(part);
done:
	backup_close(b);
	free(part);
	return f;
}
