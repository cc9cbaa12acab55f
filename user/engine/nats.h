/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is used of libnats (3.4 and later), which is loaded by who has a fleet and by nobody else:
 * the command does not need it to be installed.
 */
#ifndef SIPGUARD_ENGINE_NATS_H
#define SIPGUARD_ENGINE_NATS_H

#include <nats/nats.h>

#include "base/error.h"

#define NATS_CALLS(X)                                                                             \
	X(natsOptions_Create)                                                                     \
	X(natsOptions_Destroy)                                                                    \
	X(natsOptions_SetServers)                                                                 \
	X(natsOptions_SetName)                                                                    \
	X(natsOptions_SetSecure)                                                                  \
	X(natsOptions_LoadCATrustedCertificates)                                                  \
	X(natsOptions_LoadCertificatesChain)                                                      \
	X(natsOptions_SetUserInfo)                                                                \
	X(natsOptions_SetUserCredentialsFromFiles)                                                \
	X(natsOptions_SetCustomInboxPrefix)                                                       \
	X(natsOptions_SetTimeout)                                                                 \
	X(natsOptions_SetPingInterval)                                                            \
	X(natsOptions_SetMaxPingsOut)                                                             \
	X(natsOptions_SetMaxReconnect)                                                            \
	X(natsOptions_SetReconnectWait)                                                           \
	X(natsOptions_SetReconnectBufSize)                                                        \
	X(natsOptions_SetWriteDeadline)                                                           \
	X(natsOptions_SetRetryOnFailedConnect)                                                    \
	X(natsOptions_SetDisconnectedCB)                                                          \
	X(natsOptions_SetReconnectedCB)                                                           \
	X(natsOptions_SetErrorHandler)                                                            \
	X(natsConnection_Close)                                                                   \
	X(natsConnection_Connect)                                                                 \
	X(natsConnection_Destroy)                                                                 \
	X(natsConnection_FlushTimeout)                                                            \
	X(natsConnection_GetLastError)                                                            \
	X(natsConnection_JetStream)                                                               \
	X(natsConnection_Publish)                                                                 \
	X(natsConnection_Status)                                                                  \
	X(natsConnection_Subscribe)                                                               \
	X(natsSubscription_Destroy)                                                               \
	X(natsSubscription_Fetch)                                                                 \
	X(natsSubscription_FetchRequest)                                                          \
	X(natsSubscription_SetPendingLimits)                                                      \
	X(natsMsg_Destroy)                                                                        \
	X(natsMsg_GetData)                                                                        \
	X(natsMsg_GetDataLength)                                                                  \
	X(natsMsg_GetMetaData)                                                                    \
	X(natsMsg_GetSubject)                                                                     \
	X(natsMsgList_Destroy)                                                                    \
	X(natsStatus_GetText)                                                                     \
	X(nats_CloseAndWait)                                                                      \
	X(nats_GetLastError)                                                                      \
	X(nats_ReleaseThreadMemory)                                                               \
	X(jsCtx_Destroy)                                                                          \
	X(jsMsgMetaData_Destroy)                                                                  \
	X(jsStreamConfig_Init)                                                                    \
	X(jsStreamInfo_Destroy)                                                                   \
	X(jsSubOptions_Init)                                                                      \
	X(js_AddStream)                                                                           \
	X(js_GetStreamInfo)                                                                       \
	X(js_Publish)                                                                             \
	X(js_PullSubscribe)                                                                       \
	X(js_UpdateStream)

struct nats {
#define X(name) __typeof__(&name) name;
	NATS_CALLS(X)
#undef X
};

/* The library, which stays loaded; NULL with an error: it is not there, or too old. */
const struct nats *nats_load(struct error *error);

#endif
