// Every role that anything of this app has. Each assignment carries the calls it serves as its description, which the portal shows too.
// In mode "report" nothing outside the app's own resources can be changed: what is assigned there only reads. Mode "enforce" adds what the
// last section has. docs/reference/azure-resources.md lists all of it.
metadata description = 'All role assignments.'

targetScope = 'subscription'

param environmentName string

@allowed(['report', 'enforce'])
param mode string

@description('In mode "enforce": also the right to end eligibilities for Azure roles.')
param endsEligibilities bool

param principalId string
param resourceGroupName string
param stateAccount string
param insights string
param evidenceResourceGroup string
param evidenceAccount string
param evidenceVault string
param evidenceKey string

@description('Resource id of the vault whose secret hr-webhook-key signs the events of HR; empty without the webhook.')
param hrWebhookVaultId string

@description('Resource id of the vault with the addresses of webhooks for notifications; empty without rooms.')
param notificationsVaultId string

@description('Rooms that get notifications: teams, slack.')
param notificationRooms string[]

@description('Subscriptions that are watched, and in mode "enforce" acted in.')
param subscriptionIds string[]

param hrTopic string
param hrTopicPrincipalId string
param hrSenderPrincipalIds string[]

@description('Object id of whoever deploys, and checks the deployment afterwards; empty assigns nothing.')
param deployerPrincipalId string

param vaultTopicPrincipalIds string[]
param existingVaultTopicPrincipalIds string[]
param hrQueue string
param vaultQueue string
param deadLetterContainer string

var roles = {
  eventGridDataSender: 'd5a91429-5739-47e2-a06b-3470a27159e7'
  keyVaultCryptoUser: '12338af0-0e69-4776-bea7-57ae8d297424'
  keyVaultReader: '21090545-7ca7-4776-b22c-e363652d74d2'
  keyVaultSecretsUser: '4633458b-17de-408a-b874-0445c86b69e6'
  monitoringMetricsPublisher: '3913510d-42f4-4e42-8a64-420c390055eb'
  reader: 'acdd72a7-3385-48ef-bd42-f606fba81ae7'
  storageBlobDataContributor: 'ba92f5b4-2d11-453d-a403-e96b0029c9fe'
  storageBlobDataOwner: 'b7e6dc6d-f1e8-4753-8033-0f276bb0955b'
  storageBlobDataReader: '2a2b9908-6ea1-4ae2-8e65-a410df84e7d1'
  storageQueueDataContributor: '974c5e8b-45b9-4653-ba55-5f855dd0fb88'
  storageQueueDataMessageSender: 'c6a89b2d-59bc-44d0-9896-0f6e12d7b80a'
  storageTableDataContributor: '0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3'
}

// --- The app and its own state -------------------------------------------------------------------------------------------------------

// Owner and not Contributor: the Functions host asks for it (leases of singletons and partitions, status of timers, the package).
module stateBlobs 'assignment.bicep' = {
  scope: resourceGroup(resourceGroupName)
  params: {
    principalId: principalId
    roleId: roles.storageBlobDataOwner
    serves: 'Functions host: leases, timer status, package. App: documents of cases and runs.'
    at: { kind: 'account', account: stateAccount }
  }
}

// At the account: Durable Task makes its own queues and tables, by the name of its hub.
module stateQueues 'assignment.bicep' = {
  scope: resourceGroup(resourceGroupName)
  params: {
    principalId: principalId
    roleId: roles.storageQueueDataContributor
    serves: 'Queue triggers and their poison queues, Durable Task, work that the app queues for itself.'
    at: { kind: 'account', account: stateAccount }
  }
}

module stateTables 'assignment.bicep' = {
  scope: resourceGroup(resourceGroupName)
  params: {
    principalId: principalId
    roleId: roles.storageTableDataContributor
    serves: 'State of the app (findings, cases, approvals, runs) and history of Durable Task.'
    at: { kind: 'account', account: stateAccount }
  }
}

module telemetry 'assignment.bicep' = {
  scope: resourceGroup(resourceGroupName)
  params: {
    principalId: principalId
    roleId: roles.monitoringMetricsPublisher
    serves: 'Traces, metrics and logs of host and app: local authentication of Application Insights is off.'
    at: { kind: 'insights', insights: insights }
  }
}

// --- The app and the evidence --------------------------------------------------------------------------------------------------------

// Container by container, so that nothing else that is put into the account is within reach.
module ledger 'assignment.bicep' = {
  scope: resourceGroup(evidenceResourceGroup)
  params: {
    principalId: principalId
    roleId: roles.storageBlobDataContributor
    serves: 'Appends to the ledger and reads it. Its immutability policy refuses change and removal.'
    at: { kind: 'container', account: evidenceAccount, container: 'ledger' }
  }
}

module ledgerHead 'assignment.bicep' = {
  scope: resourceGroup(evidenceResourceGroup)
  params: {
    principalId: principalId
    roleId: roles.storageBlobDataContributor
    serves: 'Checkpoints and tiles of the ledger.'
    at: { kind: 'container', account: evidenceAccount, container: 'ledger-head' }
  }
}

module details 'assignment.bicep' = {
  scope: resourceGroup(evidenceResourceGroup)
  params: {
    principalId: principalId
    roleId: roles.storageBlobDataOwner
    serves: 'Who a pseudonym is: written, read, and erased on request, with versions where a policy of the organisation keeps them.'
    at: { kind: 'container', account: evidenceAccount, container: 'details' }
  }
}

module ledgerPolicy 'assignment.bicep' = {
  scope: resourceGroup(evidenceResourceGroup)
  params: {
    principalId: principalId
    roleId: roles.reader
    serves: 'GET immutabilityPolicies/default of the container: whether the ledger is write-once.'
    at: { kind: 'container', account: evidenceAccount, container: 'ledger' }
  }
}

module signingKey 'assignment.bicep' = {
  scope: resourceGroup(evidenceResourceGroup)
  params: {
    principalId: principalId
    roleId: roles.keyVaultCryptoUser
    serves: 'GET /keys/{name}/{version} and POST .../sign: checkpoints of the ledger. The key stays in the vault.'
    at: { kind: 'key', vault: evidenceVault, key: evidenceKey }
  }
}

// At the one secret whose value is read. The secret has to be there first.
module webhookKey 'assignment.bicep' = if (!empty(hrWebhookVaultId)) {
  scope: resourceGroup(
    split(hrWebhookVaultId, '/')[?2] ?? subscription().subscriptionId,
    split(hrWebhookVaultId, '/')[?4] ?? 'none'
  )
  params: {
    principalId: principalId
    roleId: roles.keyVaultSecretsUser
    serves: 'GET /secrets/hr-webhook-key/versions and /{version}: what HR signs its events with.'
    at: { kind: 'secret', vault: last(split(hrWebhookVaultId, '/')), secret: 'hr-webhook-key' }
  }
}

// Whoever has the address of a webhook can post there.
module webhooks 'assignment.bicep' = [
  for room in notificationRooms: {
    scope: resourceGroup(
      split(notificationsVaultId, '/')[?2] ?? subscription().subscriptionId,
      split(notificationsVaultId, '/')[?4] ?? 'none'
    )
    params: {
      principalId: principalId
      roleId: roles.keyVaultSecretsUser
      serves: 'GET /secrets/${room}-webhook: where notifications are posted.'
      at: { kind: 'secret', vault: last(split(notificationsVaultId, '/')), secret: '${room}-webhook' }
    }
  }
]

// --- The app and the tenant: reads ----------------------------------------------------------------------------------------------------

module readers 'subscriptionAssignment.bicep' = [
  for id in subscriptionIds: {
    scope: subscription(id)
    params: {
      principalId: principalId
      roleId: roles.reader
      serves: 'GET subscriptions, resources, role assignments, eligibilities, definitions and permissions; Resource Graph.'
    }
  }
]

// Names and dates of secrets, keys and certificates; no value.
module vaultReaders 'subscriptionAssignment.bicep' = [
  for id in subscriptionIds: {
    scope: subscription(id)
    params: {
      principalId: principalId
      roleId: roles.keyVaultReader
      serves: 'GET /secrets, /keys, /certificates, their versions, and rotationpolicy: attributes, never values.'
    }
  }
]

// Names, dates, tags and holds of stored data. The right to list blobs is the right to read them; no call of the app reads one.
module dataReaders 'subscriptionAssignment.bicep' = [
  for id in subscriptionIds: {
    scope: subscription(id)
    params: {
      principalId: principalId
      roleId: roles.storageBlobDataReader
      serves: 'GET containers and blobs of stored data: names, dates, metadata and holds, never content.'
    }
  }
]

// Of the built-in roles only Storage Blob Data Owner reads tags. Without them nothing is known to be without a hold.
module tagsRole 'roleDefinition.bicep' = [
  for id in subscriptionIds: {
    scope: subscription(id)
    params: {
      roleName: 'Compliance reading of index tags (${environmentName}, ${id})'
      serves: 'Reads index tags of blobs: holds, and what retention counts from.'
      dataActions: [
        // GET /{container}?comp=list&include=tags
        'Microsoft.Storage/storageAccounts/blobServices/containers/blobs/tags/read'
      ]
    }
  }
]

module tagReaders 'subscriptionAssignment.bicep' = [
  for (id, i) in subscriptionIds: {
    scope: subscription(id)
    params: {
      principalId: principalId
      roleId: tagsRole[i]!.outputs.id
      serves: 'GET index tags with the listing of blobs.'
    }
  }
]

// --- Events ---------------------------------------------------------------------------------------------------------------------------

module hrDelivery 'assignment.bicep' = {
  scope: resourceGroup(resourceGroupName)
  params: {
    principalId: hrTopicPrincipalId
    roleId: roles.storageQueueDataMessageSender
    serves: 'Event Grid puts HR events into their queue.'
    at: { kind: 'queue', account: stateAccount, queue: hrQueue }
  }
}

module hrDeadLetter 'assignment.bicep' = {
  scope: resourceGroup(resourceGroupName)
  params: {
    principalId: hrTopicPrincipalId
    roleId: roles.storageBlobDataContributor
    serves: 'Event Grid keeps HR events that it could not deliver.'
    at: { kind: 'container', account: stateAccount, container: deadLetterContainer }
  }
}

module hrSenders 'assignment.bicep' = [
  for id in hrSenderPrincipalIds: {
    scope: resourceGroup(resourceGroupName)
    params: {
      principalId: id
      roleId: roles.eventGridDataSender
      serves: 'The HR system publishes its events.'
      at: { kind: 'topic', topic: hrTopic }
    }
  }
]

module vaultDelivery 'assignment.bicep' = [
  for id in concat(vaultTopicPrincipalIds, existingVaultTopicPrincipalIds): {
    scope: resourceGroup(resourceGroupName)
    params: {
      principalId: id
      roleId: roles.storageQueueDataMessageSender
      serves: 'Event Grid puts events of a vault into their queue.'
      at: { kind: 'queue', account: stateAccount, queue: vaultQueue }
    }
  }
]

module vaultDeadLetter 'assignment.bicep' = [
  for id in concat(vaultTopicPrincipalIds, existingVaultTopicPrincipalIds): {
    scope: resourceGroup(resourceGroupName)
    params: {
      principalId: id
      roleId: roles.storageBlobDataContributor
      serves: 'Event Grid keeps events of a vault that it could not deliver.'
      at: { kind: 'container', account: stateAccount, container: deadLetterContainer }
    }
  }
]

// --- Whoever deploys --------------------------------------------------------------------------------------------------------------------

// An Owner of the subscription has no right to data. What is read names no person: the ledger has pseudonyms.
module checkedQueue 'assignment.bicep' = if (!empty(deployerPrincipalId)) {
  scope: resourceGroup(resourceGroupName)
  params: {
    principalId: deployerPrincipalId
    principalType: ''
    roleId: roles.storageQueueDataMessageSender
    serves: 'compliance azure postdeploy: sends one event.'
    at: { kind: 'queue', account: stateAccount, queue: vaultQueue }
  }
}

module checkedLedger 'assignment.bicep' = if (!empty(deployerPrincipalId)) {
  scope: resourceGroup(evidenceResourceGroup)
  params: {
    principalId: deployerPrincipalId
    principalType: ''
    roleId: roles.storageBlobDataReader
    serves: 'compliance azure postdeploy: reads the event\'s record in the ledger.'
    at: { kind: 'container', account: evidenceAccount, container: 'ledger' }
  }
}

// --- The app and the tenant: acts, in mode "enforce" alone ----------------------------------------------------------------------------

// User Access Administrator, which the calls would ask for otherwise, may give anybody anything.
module accessRole 'roleDefinition.bicep' = [
  for id in subscriptionIds: if (mode == 'enforce') {
    scope: subscription(id)
    params: {
      roleName: 'Compliance access of leavers (${environmentName}, ${id})'
      serves: 'Takes a leaver\'s Azure roles away, and gives them back when a leaving is undone.'
      actions: [
        // DELETE {scope}/.../roleAssignments/{id}
        'Microsoft.Authorization/roleAssignments/delete'
        // PUT {scope}/.../roleAssignments/{id}: the undo
        'Microsoft.Authorization/roleAssignments/write'
      ]
    }
  }
]

// Whoever may write these requests may also make somebody eligible for any role, and no condition limits that: a choice of its own.
module eligibilityRole 'roleDefinition.bicep' = [
  for id in subscriptionIds: if (mode == 'enforce' && endsEligibilities) {
    scope: subscription(id)
    params: {
      roleName: 'Compliance eligibilities of leavers (${environmentName}, ${id})'
      serves: 'Ends a leaver\'s eligibilities for Azure roles (PIM).'
      actions: [
        // PUT {scope}/.../roleEligibilityScheduleRequests/{id}
        'Microsoft.Authorization/roleEligibilityScheduleRequests/write'
      ]
    }
  }
]

// Key Vault Contributor may delete vaults; Tag Contributor is what is here, with the one for access policies beside it.
module resourceRole 'roleDefinition.bicep' = [
  for id in subscriptionIds: if (mode == 'enforce') {
    scope: subscription(id)
    params: {
      roleName: 'Compliance hand-over of leavers (${environmentName}, ${id})'
      serves: 'Takes a leaver out of access policies of vaults, and hands resources over whose owner tag names a leaver.'
      actions: [
        // PUT {vault}/accessPolicies/{operation}
        'Microsoft.KeyVault/vaults/accessPolicies/write'
        // PATCH {resource}/providers/Microsoft.Resources/tags/default
        'Microsoft.Resources/tags/write'
      ]
    }
  }
]

// The built-in roles that give roles: what this identity never gives, whoever asks the app for it.
var privilegedRoleIds = [
  '8e3af657-a8ff-443c-a75c-2fe8c4bcb635' // Owner
  '18d7d88d-d35e-4fb5-a5c3-7773c20a72d9' // User Access Administrator
  'f58310d9-a9f6-439a-9e8d-f62e7b41a168' // Role Based Access Control Administrator
]

// Only people may be given a role, and none of these. Removing is not limited: a leaver loses whatever they have.
var assignment = '@Request[Microsoft.Authorization/roleAssignments'
var isNotPrivileged = '${assignment}:RoleDefinitionId] ForAnyOfAllValues:GuidNotEquals {${join(privilegedRoleIds, ', ')}}'
var isForAPerson = '${assignment}:PrincipalType] StringEqualsIgnoreCase \'User\''
var isNoAssignment = '!(ActionMatches{\'Microsoft.Authorization/roleAssignments/write\'})'
var givesNothingPrivileged = '((${isNoAssignment}) OR (${isNotPrivileged} AND ${isForAPerson}))'

module accessOfLeavers 'subscriptionAssignment.bicep' = [
  for (id, i) in subscriptionIds: if (mode == 'enforce') {
    scope: subscription(id)
    params: {
      principalId: principalId
      roleId: accessRole[i]!.outputs.id
      serves: 'DELETE and PUT roleAssignments: a leaver\'s Azure roles.'
      condition: givesNothingPrivileged
    }
  }
]

module eligibilitiesOfLeavers 'subscriptionAssignment.bicep' = [
  for (id, i) in subscriptionIds: if (mode == 'enforce' && endsEligibilities) {
    scope: subscription(id)
    params: {
      principalId: principalId
      roleId: eligibilityRole[i]!.outputs.id
      serves: 'PUT roleEligibilityScheduleRequests: a leaver\'s eligibilities for Azure roles.'
    }
  }
]

module resourcesOfLeavers 'subscriptionAssignment.bicep' = [
  for (id, i) in subscriptionIds: if (mode == 'enforce') {
    scope: subscription(id)
    params: {
      principalId: principalId
      roleId: resourceRole[i]!.outputs.id
      serves: 'PUT accessPolicies of vaults, PATCH tags/default: what a leaver holds and owns.'
    }
  }
]

// Storage Blob Data Contributor may write and overwrite; the sweep only deletes.
module deletionRole 'roleDefinition.bicep' = [
  for id in subscriptionIds: if (mode == 'enforce') {
    scope: subscription(id)
    params: {
      roleName: 'Compliance deletion of stored data (${environmentName}, ${id})'
      serves: 'Deletes blobs, versions and snapshots that the retention policy lets no one keep.'
      dataActions: [
        // POST /{container}?restype=container&comp=batch, with DELETE /{container}/{blob}
        'Microsoft.Storage/storageAccounts/blobServices/containers/blobs/delete'
        // the same with versionid=
        'Microsoft.Storage/storageAccounts/blobServices/containers/blobs/deleteBlobVersion/action'
      ]
    }
  }
]

module deletionOfData 'subscriptionAssignment.bicep' = [
  for (id, i) in subscriptionIds: if (mode == 'enforce') {
    scope: subscription(id)
    params: {
      principalId: principalId
      roleId: deletionRole[i]!.outputs.id
      serves: 'POST batches of DELETE: what a sweep of stored data removes.'
    }
  }
]
