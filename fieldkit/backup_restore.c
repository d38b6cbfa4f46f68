/*
 * backup_restore -- a home from one file, unpacked beside its place and looked
 * at before it counts.
 */
#include "fieldkit/backup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sync/base/secret.h"

#define PIECE 65536u

static fault
make_folders(const char *path)
{
	char *dir = mem_text(path), *slash = strrchr(dir, '/');
	fault f = NULL;

	*slash = '\0';
	if (!file_exists(dir))
		f = file_mkdirs(dir, 0700);
	free(dir);
	return f;
}

static fault
write_piece(int fd, const uint8_t *at, size_t len, const char *path)
{
	for (size_t done = 0; done < len;) {
		ssize_t n = write(fd, at + done, len - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return fault_errno(FAULT_FAIL, "cannot write %s", path);
		done += (size_t)n;
	}
	return NULL;
}

static fault
unpack_one(struct backup *b, const char *draft, const char *name)
{
	char *path = path_join(draft, name);
	uint8_t *piece = mem_new(PIECE);
	size_t n = 1;
	int fd = -1;
	fault f;

	if ((f = make_folders(path)) != NULL)
		goto done;
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
	    0600);
	if (fd < 0)
		f = fault_errno(FAULT_FAIL, "cannot create %s", path);
	while (f == NULL && n > 0)
		if ((f = backup_get(b, piece, PIECE, &n)) == NULL)
			f = write_piece(fd, piece, n, path);
	if (fd >= 0 && close(fd) != 0 && f == NULL)
		f = fault_errno(FAULT_FAIL, "cannot write %s", path);
done:
	free(piece);
	free(path);
	return f;
}

/* Thousands of small files: one call brings them all to the disk. */
static fault
settle(const char *draft)
{
	int fd = open(draft, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	fault f = NULL;

	if (fd < 0 || syncfs(fd) != 0)
		f = fault_errno(FAULT_FAIL, "cannot sync folder %s", draft);
	if (fd >= 0)
		close(fd);
	return f;
}

static fault
put_keyfile(const char *draft, const struct keyfile *k)
{
	static const char *const copies[2] = { "keyfile.a", "keyfile.b" };
	fault f = NULL;

	for (int i = 0; f == NULL && i < 2; i++) {
		char *path = path_join(draft, copies[i]);

		f = file_write(path, buf_view(&k->raw), 0600);
		free(path);
	}
	return f;
}

static fault
unpack(struct backup *b, const char *draft)
{
	char *repo = path_join(draft, "repo.git"), name[BACKUP_NAME];
	uint64_t size;
	fault f = repo_create(repo);

	free(repo);
	while (f == NULL && (f = backup_next(b, name, &size)) == NULL &&
	    name[0] != '\0')
		f = unpack_one(b, draft, name);
	if (f == NULL)
		f = put_keyfile(draft, backup_keyfile(b));
	return f == NULL ? settle(draft) : f;
}

fault
backup_restore(struct home *h, const char *draft, struct backup *b,
    uint8_t *master)
{
	fault f;

	if ((f = backup_key(b, master)) != NULL ||
	    (f = unpack(b, draft)) != NULL ||
	    (f = home_open(h, draft)) != NULL) {
		secret_free(master, MASTER_LEN);
		return f;
	}
	if ((f = home_unlock(h, master)) != NULL ||
	    (f = db_check(h->db)) != NULL || (f = home_site(h)) != NULL)
		return f;
	return store_set(&h->store, "restored", bytes_of("1"));
}
