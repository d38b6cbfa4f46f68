/*
 * backup_name -- what a home is made of, as far as a backup goes: nothing else
 * is written into one or taken from it.
 */
#include "fieldkit/backup.h"

#include <string.h>

/* Letters, digits, ".", "_" and "-" between single slashes; none hidden. */
static bool
plain(const char *name)
{
	return strlen(name) < BACKUP_NAME && strstr(name, "/.") == NULL &&
	    strstr(name, "//") == NULL && name[strlen(name) - 1] != '/' &&
	    name[strspn(name, "0123456789abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ._-/")] == '\0';
}

bool
backup_name_ok(const char *name)
{
	static const char *const files[] = { "kit.conf", "hubs", "alarms",
	    "last-sync", "device.db", "repo.git/packed-refs" };
	static const char *const below[] = { "repo.git/objects/",
	    "repo.git/refs/" };

	for (size_t i = 0; i < sizeof files / sizeof *files; i++)
		if (strcmp(name, files[i]) == 0)
			return true;
	for (size_t i = 0; i < sizeof below / sizeof *below; i++)
		if (strncmp(name, below[i], strlen(below[i])) == 0)
			return plain(name);
	return false;
}
