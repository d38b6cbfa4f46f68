#include "sync/base/oserror.h"

#include <errno.h>
#include <string.h>

#include "sync/base/lang.h"

struct words {
	int		number;
	const char	*text;
};

/* What a folder, a stick or a share may answer. */
static const struct words table[] = {
	{ EPERM, "that is not allowed here" },
	{ ENOENT, "it is not there" },
	{ EINTR, "it was interrupted" },
	{ EIO, "the disk or the connection gave an error" },
	{ ENXIO, "the disk or share is gone" },
	{ ENODEV, "the disk or share is gone" },
	{ ENOMEM, "memory ran out" },
	{ EACCES, "there is no permission for it" },
	{ EBUSY, "it is in use" },
	{ ETXTBSY, "it is in use" },
	{ EEXIST, "it is there already" },
	{ EXDEV, "it lies on another disk" },
	{ ENOTDIR, "a part of its path is not a folder" },
	{ EISDIR, "it is a folder" },
	{ ENFILE, "too many files are open on this machine" },
	{ EMFILE, "too many files are open" },
	{ EFBIG, "it is too large for this disk" },
	{ ENOSPC, "the disk is full" },
	{ EROFS, "the disk is read-only" },
	{ EPIPE, "nobody reads it any more" },
	{ ENAMETOOLONG, "its name is too long" },
	{ ENOTEMPTY, "the folder is not empty" },
	{ ELOOP, "a link stands in its place" },
	{ EOPNOTSUPP, "this disk or share cannot do that" },
	{ ENOSYS, "this disk or share cannot do that" },
	{ ETIMEDOUT, "there was no answer in time" },
	{ EHOSTDOWN, "the disk or share is gone" },
	{ EHOSTUNREACH, "the disk or share is gone" },
	{ ENOTCONN, "the disk or share is gone" },
	{ ESTALE, "it is no longer on the share; connect to the share again" },
	{ EDQUOT, "your part of the disk is full" }
};

const char *
oserror(int number)
{
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
		if (table[i].number == number)
			return say(table[i].text);
	return strerror(number);
}
