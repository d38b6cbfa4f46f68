#include "fieldkit/swap.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sync/base/file.h"

/* /dev/dm-3 or /dev/mapper/x: its uuid in /sys begins with CRYPT. */
static bool
encrypted(const char *device)
{
	char real[4096], path[4200];
	struct buf b = BUF_EMPTY;
	const char *base;
	bool yes;

	if (realpath(device, real) == NULL)
		return false;
	base = strrchr(real, '/') == NULL ? real : strrchr(real, '/') + 1;
	if (strncmp(base, "zram", 4) == 0)
		return true;
	snprintf(path, sizeof path, "/sys/block/%s/dm/uuid", base);
	yes = file_read(&b, path, 4096) == NULL && b.len > 5 &&
	    memcmp(b.at, "CRYPT", 5) == 0;
	buf_free(&b);
	return yes;
}

fault
swap_check(void)
{
	char line[4096], name[4096];
	FILE *in = fopen("/proc/swaps", "re");
	fault f = NULL;

	if (in == NULL)
		return NULL;
	if (fgets(line, sizeof line, in) != NULL)	/* the headings */
		while (f == NULL && fgets(line, sizeof line, in) != NULL)
			if (sscanf(line, "%4095s", name) == 1 &&
			    !encrypted(name))
				f = fault_new(FAULT_LOCKED, "the swap %s is "
				    "not encrypted, so stories could be left "
				    "on the disk; nothing was opened; encrypt "
				    "it or switch it off, or accept the risk "
				    "with --allow-swap", name);
	fclose(in);
	return f;
}
