/*
 * scratch -- a folder for one test program, and a shell to look at it with.
 * In memory where there is such a place: these tests sync thousands of times.
 */
#ifndef TESTS_UNIT_SCRATCH_H
#define TESTS_UNIT_SCRATCH_H

#include <ftw.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sync/base/file.h"
#include "tests/unit/test.h"

static char scratch[64];

static inline bool
scratch_make(void)
{
	umask(077);
	strcpy(scratch, "/dev/shm/kit-test-XXXXXX");
	if (mkdtemp(scratch) != NULL)
		return true;
	strcpy(scratch, "/tmp/kit-test-XXXXXX");
	return mkdtemp(scratch) != NULL;
}

/* True if all of it went. */
static inline bool
scratch_remove(void)
{
	return file_remove_tree(scratch) == NULL;
}

/* scratch/name; the caller frees. */
static inline char *
at(const char *name)
{
	return path_join(scratch, name);
}

static inline void __attribute__((format(printf, 2, 3)))
write_text(const char *path, const char *fmt, ...)
{
	FILE *out = fopen(path, "w");
	va_list ap;

	assert_non_null(out);
	va_start(ap, fmt);
	vfprintf(out, fmt, ap);
	va_end(ap);
	assert_int_equal(fclose(out), 0);
}

/* A shell command in scratch; its first line of output into out. */
static inline int __attribute__((format(printf, 2, 3)))
run(char out[256], const char *fmt, ...)
{
	char cmd[2048];
	va_list ap;
	FILE *in;
	int n = snprintf(cmd, sizeof cmd, "cd %s; ", scratch);

	va_start(ap, fmt);
	vsnprintf(cmd + n, sizeof cmd - (size_t)n, fmt, ap);
	va_end(ap);
	fflush(stdout);
	assert_non_null(in = popen(cmd, "r"));
	out[0] = '\0';
	if (fgets(out, 256, in) != NULL)
		out[strcspn(out, "\n")] = '\0';
	while (fgetc(in) != EOF)
		;
	return pclose(in);
}

static int scratch_left;

static inline int
scratch_see(const char *path, const struct stat *st, int type, struct FTW *at_)
{
	const char *name = path + at_->base;
	size_t n = strlen(name);

	(void)st;
	(void)type;
	scratch_left += strncmp(name, "tmp_", 4) == 0 ||
	    (n > 5 && strcmp(name + n - 5, ".lock") == 0);
	return 0;
}

/* How many locks and temporary files stand below scratch/dir. */
static inline int
leftovers(const char *dir)
{
	char *path = at(dir);

	scratch_left = 0;
	nftw(path, scratch_see, 16, FTW_PHYS);
	free(path);
	return scratch_left;
}

/* As run, for a command that must work and print a number. */
static inline int __attribute__((format(printf, 1, 2)))
number(const char *fmt, ...)
{
	char cmd[1024], out[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(cmd, sizeof cmd, fmt, ap);
	va_end(ap);
	assert_int_equal(run(out, "%s", cmd), 0);
	return atoi(out);
}

#endif
