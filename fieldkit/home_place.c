/*
 * home_place -- a new home is built beside its place and moved there whole.
 */
#include "fieldkit/home.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

fault
home_draft(char **draft, const char *path)
{
	char *conf = path_join(path, "kit.conf"), *p;
	fault f = NULL;
	size_t n = strlen(path) + 8;

	if (file_exists(conf)) {
		f = fault_new(FAULT_INVALID, "there is a project in %s already; "
		    "it was not touched; choose another folder with --home",
		    path);
		free(conf);
		return f;
	}
	free(conf);
	p = mem_new(n);
	snprintf(p, n, "%s", path);
	while (strlen(p) > 1 && p[strlen(p) - 1] == '/')
		p[strlen(p) - 1] = '\0';
	snprintf(p + strlen(p), n - strlen(p), ".new");
	/* A draft that is there was left by a run that was killed. */
	if ((f = file_remove_tree(p)) == NULL)
		f = file_mkdirs(p, 0700);
	if (f != NULL)
		free(p);
	else
		*draft = p;
	return f;
}

fault
home_place(const char *draft, const char *path)
{
	char *parent = mem_text(path), *slash;
	fault f = file_sync_dir(draft);

	while (strlen(parent) > 1 && parent[strlen(parent) - 1] == '/')
		parent[strlen(parent) - 1] = '\0';
	if (f == NULL && rename(draft, parent) != 0)
		f = errno == ENOTEMPTY || errno == EEXIST || errno == ENOTDIR ?
		    fault_new(FAULT_INVALID, "%s is there already and is not "
		    "empty; it was not touched; choose another folder with "
		    "--home", path) :
		    fault_errno(FAULT_FAIL, "cannot make %s", path);
	slash = strrchr(parent, '/');
	if (f == NULL && slash != NULL) {
		*slash = '\0';
		f = file_sync_dir(slash == parent ? "/" : parent);
	}
	free(parent);
	return f;
}
