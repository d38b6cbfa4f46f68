#include "fieldkit/swap.h"

#include <dirent.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "sync/base/file.h"

#define LAYERS_MAX 8		/* LVM on dm-crypt on RAID on ... */

/* The first line of a small file of /sys; empty if it cannot be read. */
static void
line_of(char *to, size_t room, const char *dir, const char *name)
{
	char *path = path_join(dir, name);
	FILE *in = fopen(path, "re");

	to[0] = '\0';
	if (in != NULL && fgets(to, (int)room, in) == NULL)
		to[0] = '\0';
	to[strcspn(to, "\n")] = '\0';
	if (in != NULL)
		fclose(in);
	free(path);
}

/* Compressed memory, unless what does not fit goes to a disk. */
static bool
in_memory(const char *dir)
{
	char real[PATH_MAX], backing[256];
	const char *base;

	if (realpath(dir, real) == NULL ||
	    (base = strrchr(real, '/')) == NULL ||
	    strncmp(base + 1, "zram", 4) != 0)
		return false;
	line_of(backing, sizeof backing, dir, "backing_dev");
	return backing[0] == '\0' || strcmp(backing, "none") == 0;
}

static bool covered(const char *dir, int layer);

/* A logical volume or a RAID is what all its parts are. */
static bool
parts_covered(const char *dir, int layer)
{
	char *slaves = path_join(dir, "slaves"), *part;
	DIR *d = opendir(slaves);
	struct dirent *e;
	bool all = true;
	size_t n = 0;

	while (d != NULL && (e = readdir(d)) != NULL) {
		if (e->d_name[0] == '.')
			continue;
		part = path_join(slaves, e->d_name);
		all = all && covered(part, layer + 1);
		n++;
		free(part);
	}
	if (d != NULL)
		closedir(d);
	free(slaves);
	return all && n > 0;
}

/* dir is a block device's folder in /sys. */
static bool
covered(const char *dir, int layer)
{
	char uuid[256];

	line_of(uuid, sizeof uuid, dir, "dm/uuid");
	return in_memory(dir) || strncmp(uuid, "CRYPT-", 6) == 0 ||
	    (layer < LAYERS_MAX && parts_covered(dir, layer));
}

/* A swap file lies on the device of its file system. */
static bool
safe(const char *root, const char *name, const char *type)
{
	char path[PATH_MAX], real[PATH_MAX], dir[PATH_MAX + 64];
	const char *base;
	struct stat st;

	snprintf(path, sizeof path, "%.2000s%.2000s", root, name);
	if (strcmp(type, "file") == 0) {
		if (stat(path, &st) != 0)
			return false;
		snprintf(dir, sizeof dir, "%.2000s/sys/dev/block/%u:%u", root,
		    major(st.st_dev), minor(st.st_dev));
		return covered(dir, 0);
	}
	base = strrchr(realpath(path, real) != NULL ? real : name, '/');
	snprintf(dir, sizeof dir, "%.2000s/sys/class/block/%.255s", root,
	    base == NULL ? name : base + 1);
	return covered(dir, 0);
}

static fault
swaps(const char *root)
{
	char line[4096], name[4096], type[64], *path;
	FILE *in;
	fault f = NULL;

	path = path_join(root, "proc/swaps");
	in = fopen(path, "re");
	free(path);
	if (in == NULL)
		return NULL;
	if (fgets(line, sizeof line, in) != NULL)	/* the headings */
		while (f == NULL && fgets(line, sizeof line, in) != NULL)
			if (sscanf(line, "%4095s %63s", name, type) == 2 &&
			    !safe(root, name, type))
				f = fault_new(FAULT_LOCKED, "the swap %s is "
				    "not encrypted, so stories could be left "
				    "on the disk; nothing was opened; encrypt "
				    "it or switch it off, or accept the risk "
				    "with --allow-swap", name);
	fclose(in);
	return f;
}

/*
 * The device may be no swap now and be made one for the night alone.  "0:0":
 * none is named.
 */
static fault
hibernation(const char *root)
{
	char device[64], dir[PATH_MAX], *sys = path_join(root, "sys/power");
	unsigned a, b;

	line_of(device, sizeof device, sys, "resume");
	free(sys);
	if (sscanf(device, "%u:%u", &a, &b) != 2 || (a == 0 && b == 0))
		return NULL;
	snprintf(dir, sizeof dir, "%.2000s/sys/dev/block/%u:%u", root, a, b);
	if (covered(dir, 0))
		return NULL;
	return fault_new(FAULT_LOCKED, "this machine hibernates to a disk that "
	    "is not encrypted (device %u:%u), so stories could be left on it; "
	    "nothing was opened; switch hibernation off, or accept the risk "
	    "with --allow-swap", a, b);
}

fault
swap_check(const char *root)
{
	fault f = swaps(root);

	return f != NULL ? f : hibernation(root);
}
