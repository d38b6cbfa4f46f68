#include "tests/sim/port.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <sodium.h>

/* ---- randomness --------------------------------------------------------- */

/* Process-wide on purpose, as clock_set's: libsodium has one source. */
static struct {
	uint8_t		key[crypto_stream_chacha20_KEYBYTES];
	uint64_t	block;
	uint8_t		left[4096];
	size_t		used;
} stream = { .used = sizeof stream.left };

static void
stream_more(void)
{
	uint8_t nonce[crypto_stream_chacha20_NONCEBYTES];

	memcpy(nonce, &stream.block, sizeof nonce);
	stream.block++;
	crypto_stream_chacha20(stream.left, sizeof stream.left, nonce,
	    stream.key);
	stream.used = 0;
}

static void
stream_fill(void *to, size_t n)
{
	uint8_t *at = to;
	size_t some;

	for (; n > 0; n -= some, at += some) {
		if (stream.used == sizeof stream.left)
			stream_more();
		some = sizeof stream.left - stream.used;
		some = some < n ? some : n;
		memcpy(at, stream.left + stream.used, some);
		stream.used += some;
	}
}

static uint32_t
stream_word(void)
{
	uint32_t w;

	stream_fill(&w, sizeof w);
	return w;
}

static const char *
stream_name(void)
{
	return "simulated";
}

void
port_start(void)
{
	static struct randombytes_implementation seeded = {
		.implementation_name = stream_name, .random = stream_word,
		.buf = stream_fill,
	};

	randombytes_set_implementation(&seeded);
}

void
port_seed(uint64_t seed, uint64_t what)
{
	uint64_t both[2] = { seed, what };

	crypto_generichash(stream.key, sizeof stream.key,
	    (const uint8_t *)both, sizeof both, NULL, 0);
	stream.block = 0;
	stream.used = sizeof stream.left;
}

uint64_t
dice_next(struct dice *d)
{
	uint64_t x = d->state += UINT64_C(0x9e3779b97f4a7c15);

	x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
	return x ^ x >> 31;
}

unsigned
dice_below(struct dice *d, unsigned n)
{
	return (unsigned)(dice_next(d) % n);
}

bool
dice_percent(struct dice *d, unsigned of)
{
	return dice_below(d, 100) < of;
}

/* ---- waiting ------------------------------------------------------------ */

static uint64_t pretended_ns = UINT64_C(1000000000000);

int poll(struct pollfd *, nfds_t, int);
int clock_gettime(clockid_t, struct timespec *);

/* Nobody else runs meanwhile, so there is nothing to wait for. */
int
poll(struct pollfd *fds, nfds_t n, int ms)
{
	struct timespec zero = { 0, 0 };

	if (n > 0)
		return (int)syscall(SYS_ppoll, fds, n, &zero, NULL, 0);
	pretended_ns += (uint64_t)(ms > 0 ? ms : 0) * 1000000;
	return 0;
}

int
clock_gettime(clockid_t which, struct timespec *t)
{
	if (which != CLOCK_MONOTONIC)
		return (int)syscall(SYS_clock_gettime, which, t);
	pretended_ns += 1000;
	t->tv_sec = (time_t)(pretended_ns / 1000000000);
	t->tv_nsec = (long)(pretended_ns % 1000000000);
	return 0;
}

/* ---- the disk ----------------------------------------------------------- */

static unsigned writes, die_at;

void
port_die_at(unsigned n)
{
	die_at = n;
	writes = 0;
}

unsigned
port_writes(void)
{
	return writes;
}

/* As kill -9 or a flat battery, but that the kernel's cache survives: what a
 * lost cache does is tests/unit/test_vault_crash's. */
static void
touch_disk(void)
{
	writes++;
	if (die_at != 0 && writes == die_at) {
		kill((pid_t)syscall(SYS_getpid), SIGKILL);
		for (;;)
			pause();
	}
}

ssize_t write(int, const void *, size_t);
ssize_t pwrite(int, const void *, size_t, off_t);
ssize_t pwrite64(int, const void *, size_t, off64_t);
int fsync(int);
int fdatasync(int);
int ftruncate(int, off_t);
int ftruncate64(int, off64_t);
int rename(const char *, const char *);
int link(const char *, const char *);
int unlink(const char *);
int mkdir(const char *, mode_t);

ssize_t
write(int fd, const void *at, size_t n)
{
	touch_disk();
	return syscall(SYS_write, fd, at, n);
}

ssize_t
pwrite(int fd, const void *at, size_t n, off_t where)
{
	touch_disk();
	return syscall(SYS_pwrite64, fd, at, n, where);
}

ssize_t
pwrite64(int fd, const void *at, size_t n, off64_t where)
{
	touch_disk();
	return syscall(SYS_pwrite64, fd, at, n, where);
}

/* The simulated disk is memory: a sync is only one more place to die at. */
int
fsync(int fd)
{
	(void)fd;
	touch_disk();
	return 0;
}

int
fdatasync(int fd)
{
	return fsync(fd);
}

int
ftruncate(int fd, off_t n)
{
	touch_disk();
	return (int)syscall(SYS_ftruncate, fd, n);
}

int
ftruncate64(int fd, off64_t n)
{
	touch_disk();
	return (int)syscall(SYS_ftruncate, fd, n);
}

int
rename(const char *from, const char *to)
{
	touch_disk();
	return (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
}

int
link(const char *from, const char *to)
{
	touch_disk();
	return (int)syscall(SYS_linkat, AT_FDCWD, from, AT_FDCWD, to, 0);
}

int
unlink(const char *path)
{
	touch_disk();
	return (int)syscall(SYS_unlinkat, AT_FDCWD, path, 0);
}

int
mkdir(const char *path, mode_t mode)
{
	touch_disk();
	return (int)syscall(SYS_mkdirat, AT_FDCWD, path, mode);
}
