/* The service that runs the scripts of a migration at the first boot of a Windows
 * guest. It lies in a folder of its own with them:
 *
 *   firstboot.exe    this program
 *   scripts\         what is to be run, in the order of names
 *   tries\           how often each was started
 *   failed\          those that were given up
 *   first-boot.log   what was done, and what the scripts print
 *
 * Its argument, if any, is the pause before another try in seconds. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>
#include <aclapi.h>
#include <sddl.h>

#include "control.h"

#define SERVICE L"hyper2kvm-first-boot"
#define PATH_SIZE 1024
#define SCRIPT_LIMIT_MS (2u * 60 * 60 * 1000)
#define DEFAULT_PAUSE 20 /* seconds */
#define SETUP_POLL_MS 5000

/* Only the system and administrators: the scripts may hold keys, and run with all
 * rights. */
#define PRIVATE L"D:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)"

static wchar_t folder[PATH_SIZE];
static unsigned long pause_seconds = DEFAULT_PAUSE;
static HANDLE stop_event;
static SERVICE_STATUS_HANDLE status_handle;

/* path_of writes FOLDER\sub\name, or FOLDER\sub where there is no name. */
static void path_of(wchar_t *out, const wchar_t *sub, const char *name)
{
	wchar_t wide[NAME_SIZE] = L"";
	if (name != NULL)
		MultiByteToWideChar(CP_UTF8, 0, name, -1, wide, NAME_SIZE);
	_snwprintf(out, PATH_SIZE - 1, name != NULL ? L"%ls\\%ls\\%ls" : L"%ls\\%ls", folder, sub, wide);
	out[PATH_SIZE - 1] = 0;
}

/* open_log opens the log for appending, so that a script can inherit it. */
static HANDLE open_log(void)
{
	wchar_t path[PATH_SIZE];
	SECURITY_ATTRIBUTES inherited = {sizeof inherited, NULL, TRUE};
	path_of(path, L"first-boot.log", NULL);
	return CreateFileW(path, FILE_APPEND_DATA | SYNCHRONIZE, FILE_SHARE_READ | FILE_SHARE_WRITE, &inherited, OPEN_ALWAYS,
			   FILE_ATTRIBUTE_NORMAL, NULL);
}

static void say(void *self, const char *format, ...)
{
	char line[1024];
	SYSTEMTIME now;
	DWORD written;
	va_list arguments;
	(void)self;
	GetLocalTime(&now);
	int length = snprintf(line, sizeof line, "%04d-%02d-%02d %02d:%02d:%02d ", now.wYear, now.wMonth, now.wDay, now.wHour,
			      now.wMinute, now.wSecond);
	va_start(arguments, format);
	int more = vsnprintf(line + length, sizeof line - (size_t)length - 2, format, arguments);
	va_end(arguments);
	if (more < 0 || (size_t)more > sizeof line - (size_t)length - 3)
		more = (int)(sizeof line - (size_t)length - 3);
	length += more;
	line[length++] = '\r';
	line[length++] = '\n';
	HANDLE log = open_log();
	if (log == INVALID_HANDLE_VALUE)
		return;
	WriteFile(log, line, (DWORD)length, &written, NULL);
	FlushFileBuffers(log);
	CloseHandle(log);
}

/* is_setup_running says that Windows is being set up: by what sysprep has left, or by an
 * upgrade. */
static int is_setup_running(void)
{
	static const wchar_t *const names[] = {L"SystemSetupInProgress", L"OOBEInProgress"};
	HKEY key;
	int running = 0;
	if (RegOpenKeyExW(HKEY_LOCAL_MACHINE, L"SYSTEM\\Setup", 0, KEY_QUERY_VALUE, &key) != ERROR_SUCCESS)
		return 0;
	for (int n = 0; n < 2; n++) {
		DWORD value = 0, type = 0, size = sizeof value;
		if (RegQueryValueExW(key, names[n], NULL, &type, (BYTE *)&value, &size) == ERROR_SUCCESS && type == REG_DWORD && value != 0)
			running = 1;
	}
	RegCloseKey(key);
	return running;
}

static int ready(void *self)
{
	for (int waited = 0; is_setup_running(); waited = 1) {
		if (!waited)
			say(self, "Windows is being set up: the scripts wait for it");
		if (WaitForSingleObject(stop_event, SETUP_POLL_MS) != WAIT_TIMEOUT)
			return 0;
	}
	return 1;
}

static int by_name(const void *a, const void *b) { return strcmp(a, b); }

static int list(void *self, char names[][NAME_SIZE], int max)
{
	wchar_t pattern[PATH_SIZE];
	WIN32_FIND_DATAW found;
	int count = 0;
	(void)self;
	path_of(pattern, L"scripts\\*", NULL);
	HANDLE search = FindFirstFileW(pattern, &found);
	if (search == INVALID_HANDLE_VALUE)
		return 0;
	do {
		if (found.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY)
			continue;
		if (count == max || WideCharToMultiByte(CP_UTF8, 0, found.cFileName, -1, names[count], NAME_SIZE, NULL, NULL) == 0) {
			say(NULL, "there are too many scripts, or one of them has too long a name: not all are run");
			continue;
		}
		count++;
	} while (FindNextFileW(search, &found));
	FindClose(search);
	qsort(names, (size_t)count, NAME_SIZE, by_name);
	return count;
}

static int tries(void *self, const char *name)
{
	wchar_t path[PATH_SIZE];
	char digit = '0';
	DWORD read = 0;
	(void)self;
	path_of(path, L"tries", name);
	HANDLE file = CreateFileW(path, GENERIC_READ, FILE_SHARE_READ, NULL, OPEN_EXISTING, 0, NULL);
	if (file == INVALID_HANDLE_VALUE)
		return GetLastError() == ERROR_FILE_NOT_FOUND || GetLastError() == ERROR_PATH_NOT_FOUND ? 0 : TRIES;
	/* An empty one was being written when the power failed: it counts as a try. */
	if (!ReadFile(file, &digit, 1, &read, NULL) || read != 1)
		digit = '1';
	CloseHandle(file);
	return digit - '0';
}

static int record(void *self, const char *name, int count)
{
	wchar_t path[PATH_SIZE];
	char digit = (char)('0' + count);
	DWORD written = 0;
	(void)self;
	path_of(path, L"tries", NULL);
	CreateDirectoryW(path, NULL);
	path_of(path, L"tries", name);
	HANDLE file = CreateFileW(path, GENERIC_WRITE, 0, NULL, OPEN_ALWAYS, FILE_FLAG_WRITE_THROUGH, NULL);
	if (file == INVALID_HANDLE_VALUE)
		return 0;
	int good = WriteFile(file, &digit, 1, &written, NULL) && written == 1 && FlushFileBuffers(file);
	CloseHandle(file);
	return good;
}

/* command_of writes the program for a script, and its command line. */
static int command_of(const char *name, wchar_t *program, wchar_t *command)
{
	wchar_t script[PATH_SIZE], system[MAX_PATH];
	const char *ending = strrchr(name, '.');
	path_of(script, L"scripts", name);
	if (GetSystemDirectoryW(system, MAX_PATH) == 0 || ending == NULL)
		return 0;
	if (_stricmp(ending, ".ps1") == 0) {
		_snwprintf(program, PATH_SIZE - 1, L"%ls\\WindowsPowerShell\\v1.0\\powershell.exe", system);
		_snwprintf(command, 2 * PATH_SIZE - 1, L"\"%ls\" -NoProfile -NonInteractive -ExecutionPolicy Bypass -File \"%ls\"", program, script);
	} else if (_stricmp(ending, ".cmd") == 0 || _stricmp(ending, ".bat") == 0) {
		_snwprintf(program, PATH_SIZE - 1, L"%ls\\cmd.exe", system);
		_snwprintf(command, 2 * PATH_SIZE - 1, L"\"%ls\" /d /c \"\"%ls\"\"", program, script);
	} else {
		return 0;
	}
	program[PATH_SIZE - 1] = command[2 * PATH_SIZE - 1] = 0;
	return 1;
}

static long run(void *self, const char *name)
{
	wchar_t program[PATH_SIZE], command[2 * PATH_SIZE];
	STARTUPINFOW start;
	PROCESS_INFORMATION process;
	SECURITY_ATTRIBUTES inherited = {sizeof inherited, NULL, TRUE};
	DWORD status = 1;
	(void)self;
	if (!command_of(name, program, command)) {
		say(NULL, "%s: not started, as its name says nothing of what it is for", name);
		return RUN_FAILED;
	}
	HANDLE log = open_log();
	HANDLE nothing = CreateFileW(L"NUL", GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_WRITE, &inherited, OPEN_EXISTING, 0, NULL);
	HANDLE job = CreateJobObjectW(NULL, NULL);
	memset(&start, 0, sizeof start);
	start.cb = sizeof start;
	start.dwFlags = STARTF_USESTDHANDLES;
	start.hStdInput = nothing;
	start.hStdOutput = start.hStdError = log;
	BOOL started = CreateProcessW(program, command, NULL, NULL, TRUE, CREATE_SUSPENDED | CREATE_NO_WINDOW, NULL, folder, &start, &process);
	DWORD error = GetLastError();
	CloseHandle(log);
	CloseHandle(nothing);
	if (!started) {
		say(NULL, "%s: cannot be started (error %lu)", name, error);
		CloseHandle(job);
		return RUN_FAILED;
	}
	/* All that it starts can be ended with it. */
	AssignProcessToJobObject(job, process.hProcess);
	ResumeThread(process.hThread);
	HANDLE either[] = {process.hProcess, stop_event};
	long result = RUN_FAILED;
	switch (WaitForMultipleObjects(2, either, FALSE, SCRIPT_LIMIT_MS)) {
	case WAIT_OBJECT_0:
		GetExitCodeProcess(process.hProcess, &status);
		/* Statuses such as 0xC0000005 are no numbers that scripts give. */
		result = status > 0x7fffffff ? (long)0x7fffffff : (long)status;
		break;
	case WAIT_OBJECT_0 + 1:
		result = RUN_STOPPED;
		break;
	default:
		say(NULL, "%s: ended, as it took longer than %u minutes", name, SCRIPT_LIMIT_MS / 60000);
		TerminateJobObject(job, 1);
		TerminateProcess(process.hProcess, 1);
	}
	CloseHandle(process.hThread);
	CloseHandle(process.hProcess);
	CloseHandle(job);
	return result;
}

static void forget(void *self, const char *name)
{
	wchar_t path[PATH_SIZE];
	path_of(path, L"scripts", name);
	if (!DeleteFileW(path)) {
		say(NULL, "%s: cannot be removed (error %lu)", name, GetLastError());
		record(self, name, TRIES); /* or it would run again */
		return;
	}
	path_of(path, L"tries", name);
	DeleteFileW(path);
}

static void keep(void *self, const char *name)
{
	wchar_t from[PATH_SIZE], to[PATH_SIZE];
	(void)self;
	path_of(to, L"failed", NULL);
	CreateDirectoryW(to, NULL);
	path_of(from, L"scripts", name);
	path_of(to, L"failed", name);
	if (!MoveFileExW(from, to, MOVEFILE_REPLACE_EXISTING | MOVEFILE_WRITE_THROUGH)) {
		say(NULL, "%s: cannot be put aside (error %lu)", name, GetLastError());
		return;
	}
	path_of(from, L"tries", name);
	DeleteFileW(from);
}

static int pause_before(void *self, int count)
{
	(void)self;
	return WaitForSingleObject(stop_event, (DWORD)(pause_seconds * 1000 * (unsigned long)count)) == WAIT_TIMEOUT;
}

static void leave(void *self)
{
	wchar_t path[PATH_SIZE];
	(void)self;
	SC_HANDLE manager = OpenSCManagerW(NULL, NULL, SC_MANAGER_CONNECT);
	SC_HANDLE service = manager != NULL ? OpenServiceW(manager, SERVICE, DELETE) : NULL;
	if (service == NULL)
		say(NULL, "the service is not there to be removed (error %lu)", GetLastError());
	else if (!DeleteService(service))
		say(NULL, "the service cannot be removed (error %lu)", GetLastError());
	if (service != NULL)
		CloseServiceHandle(service);
	if (manager != NULL)
		CloseServiceHandle(manager);
	path_of(path, L"scripts", NULL);
	RemoveDirectoryW(path);
	path_of(path, L"tries", NULL);
	RemoveDirectoryW(path);
	/* A program that runs cannot be removed before the next start of Windows. */
	path_of(path, L"firstboot.exe", NULL);
	MoveFileExW(path, NULL, MOVEFILE_DELAY_UNTIL_REBOOT);
	say(NULL, "all scripts were run; the service is removed");
}

static void restart(void *self)
{
	HANDLE token;
	TOKEN_PRIVILEGES wanted;
	(void)self;
	say(NULL, "Windows is restarted");
	if (OpenProcessToken(GetCurrentProcess(), TOKEN_ADJUST_PRIVILEGES | TOKEN_QUERY, &token)) {
		memset(&wanted, 0, sizeof wanted);
		wanted.PrivilegeCount = 1;
		wanted.Privileges[0].Attributes = SE_PRIVILEGE_ENABLED;
		if (LookupPrivilegeValueW(NULL, L"SeShutdownPrivilege", &wanted.Privileges[0].Luid))
			AdjustTokenPrivileges(token, FALSE, &wanted, 0, NULL, NULL);
		CloseHandle(token);
	}
	/* An installer with status 1641 has begun with it already. */
	if (!InitiateSystemShutdownExW(NULL, NULL, 0, TRUE, TRUE, SHTDN_REASON_MAJOR_OPERATINGSYSTEM | SHTDN_REASON_MINOR_RECONFIG) &&
	    GetLastError() != ERROR_SHUTDOWN_IN_PROGRESS)
		say(NULL, "Windows cannot be restarted (error %lu)", GetLastError());
}

/* protect lets nobody but the system and administrators at the folder, which was
 * made without Windows. */
static void protect(void)
{
	PSECURITY_DESCRIPTOR descriptor = NULL;
	BOOL present = FALSE, defaulted = FALSE;
	PACL list = NULL;
	DWORD error = ERROR_INVALID_PARAMETER;
	if (ConvertStringSecurityDescriptorToSecurityDescriptorW(PRIVATE, SDDL_REVISION_1, &descriptor, NULL) &&
	    GetSecurityDescriptorDacl(descriptor, &present, &list, &defaulted))
		error = SetNamedSecurityInfoW(folder, SE_FILE_OBJECT, DACL_SECURITY_INFORMATION | PROTECTED_DACL_SECURITY_INFORMATION, NULL, NULL,
					      list, NULL);
	if (error != ERROR_SUCCESS)
		say(NULL, "the folder cannot be kept from other users (error %lu)", error);
	LocalFree(descriptor);
}

static enum ending do_all(void)
{
	static const struct host host = {NULL, ready, list, tries, record, run, forget, keep, pause_before, leave, restart, say};
	protect();
	say(NULL, "Windows has started");
	return first_boot(&host);
}

static void report(DWORD state)
{
	SERVICE_STATUS status;
	memset(&status, 0, sizeof status);
	status.dwServiceType = SERVICE_WIN32_OWN_PROCESS;
	status.dwCurrentState = state;
	status.dwControlsAccepted = state == SERVICE_RUNNING ? SERVICE_ACCEPT_STOP | SERVICE_ACCEPT_SHUTDOWN : 0;
	SetServiceStatus(status_handle, &status);
}

static DWORD WINAPI handle_control(DWORD control, DWORD type, LPVOID data, LPVOID context)
{
	(void)type;
	(void)data;
	(void)context;
	switch (control) {
	case SERVICE_CONTROL_STOP:
	case SERVICE_CONTROL_SHUTDOWN:
		report(SERVICE_STOP_PENDING);
		SetEvent(stop_event);
		return NO_ERROR;
	case SERVICE_CONTROL_INTERROGATE:
		return NO_ERROR;
	}
	return ERROR_CALL_NOT_IMPLEMENTED;
}

static void WINAPI serve(DWORD count, LPWSTR *arguments)
{
	(void)count;
	(void)arguments;
	status_handle = RegisterServiceCtrlHandlerExW(SERVICE, handle_control, NULL);
	if (status_handle == NULL)
		return;
	report(SERVICE_RUNNING);
	do_all();
	report(SERVICE_STOPPED);
}

int main(int count, char **arguments)
{
	SERVICE_TABLE_ENTRYW table[] = {{(LPWSTR)SERVICE, serve}, {NULL, NULL}};
	wchar_t *end;
	DWORD length = GetModuleFileNameW(NULL, folder, PATH_SIZE);
	if (length == 0 || length >= PATH_SIZE || (end = wcsrchr(folder, L'\\')) == NULL)
		return 2;
	*end = 0;
	if (count > 1)
		pause_seconds = strtoul(arguments[1], NULL, 10);
	stop_event = CreateEventW(NULL, TRUE, FALSE, NULL);
	if (stop_event == NULL)
		return 2;
	if (StartServiceCtrlDispatcherW(table))
		return 0;
	if (GetLastError() != ERROR_FAILED_SERVICE_CONTROLLER_CONNECT)
		return 2;
	/* An administrator has started it. */
	return do_all() == STOPPED;
}
