// One app that watches a tenant, with all it needs. azd deploys this file; what has to outlive the app is in evidence.bicep, which is
// deployed first. docs/reference/azure-resources.md lists the resources and roles, docs/decisions/0012-deployment.md the reasons.
targetScope = 'subscription'

import { watchedVault } from 'modules/types.bicep'

@description('Name of the environment, as azd has it.')
@minLength(1)
@maxLength(64)
param environmentName string

@description('Region of the app: one with Flex Consumption.')
@minLength(1)
@metadata({ azd: { type: 'location' } })
param location string

@description('"report" reads and reports, and can change nothing outside its own resources. "enforce" also acts on leavers.')
@allowed(['report', 'enforce'])
param mode string = 'report'

@description('In mode "enforce": also ends eligibilities for Azure roles. The right for it allows to make anybody eligible for anything.')
param endsEligibilities bool = false

@description('Subscriptions that are watched. Default: the one that the app is in.')
param subscriptionIds string[] = [subscription().subscriptionId]

@description('Client id of the app registration that callers get tokens for, and whose roles they hold.')
@minLength(36)
@maxLength(36)
param entraClientId string

@description('Client ids of the programs that may get such a token; none accepts any of the tenant. The platform and the app both check it.')
param allowedClientApplications string[] = []

@description('Paths that are let through without a token, because the code behind them checks a proof of its own.')
param excludedPaths string[] = ['/api/hr/events']

@description('Object id of whoever deploys: may send one event and read the ledger, which the check after a deployment does.')
param deployerPrincipalId string = ''

@description('IPv4 ranges that reach the app; none means that the network does not limit who may ask.')
param allowedIpRanges string[] = []

@description('Output of evidence.bicep.')
param evidenceResourceGroup string

@description('Output of evidence.bicep.')
param evidenceAccountName string

@description('Output of evidence.bicep.')
param evidenceVaultName string

@description('Output of evidence.bicep.')
param evidenceKeyName string

@description('Output of evidence.bicep: address of the signing key with its version.')
param evidenceSigningKey string

@description('Public keys of signing keys of before, separated by commas.')
param evidenceTrustedKeys string = ''

@description('Places that get a copy of each checkpoint, as a JSON list (docs/audit/evidence.md).')
param evidenceCopies string = ''

@description('Resource id of the vault whose secret hr-webhook-key signs events at the webhook; empty without the webhook.')
param hrWebhookVaultId string = ''

@description('Mailbox that notifications come from, as docs/operations/notifications.md says; empty for none.')
param notificationsMailbox string = ''

@description('Rooms that get notifications by webhook. The secrets teams-webhook and slack-webhook have to be in the vault first.')
param notificationRooms ('teams' | 'slack')[] = []

@description('Resource id of the vault with the addresses of those webhooks; empty without rooms.')
param notificationsVaultId string = ''

@description('Object ids of the service principals that publish HR events to the topic.')
param hrSenderPrincipalIds string[] = []

@description('IPv4 ranges that may publish HR events; none means that the network does not limit who may.')
param hrAllowedIpRanges string[] = []

@description('Vaults whose events are wanted at once. All others are read once a day.')
param watchedVaults watchedVault[] = []

@description('True gives the app a network, and storage and vault private endpoints in place of a public address.')
param enableVnet bool = false

@description('Addresses of the network. The app needs a /26 of its own, the endpoints take another.')
param vnetAddressPrefix string = '10.90.0.0/24'

@description('Instances that always run orchestrations. 0 saves their cost; a timer of an orchestration is then late by a cold start.')
@minValue(0)
param alwaysReadyDurable int = 1

@description('Memory of an instance in MB.')
@allowed([512, 2048, 4096])
param instanceMemoryMB int = 2048

@description('Instances at most.')
@minValue(1)
@maxValue(1000)
param maximumInstanceCount int = 40

@description('Redundancy of the state account.')
@allowed(['Standard_LRS', 'Standard_ZRS'])
param stateSku string = 'Standard_ZRS'

@description('Days that logs are kept.')
@minValue(30)
@maxValue(730)
param logDays int = 90

@description('Mail addresses that get alerts; none sends them to the owners of the subscription.')
param alertEmails string[] = []

@description('Budget of the resource group a month, in the currency of the subscription; 0 for none.')
@minValue(0)
param monthlyBudget int = 0

@description('First day of the budget\'s first month.')
param budgetStartDate string = utcNow('yyyy-MM-01')

var abbreviations = loadJsonContent('abbreviations.json')
var token = toLower(uniqueString(subscription().id, environmentName, location))
var tags = { 'azd-env-name': environmentName }

// Names that the app's code has. A test compares them.
var hrQueue = 'hr-events'
var vaultQueue = 'vault-events'
var queues = [hrQueue, vaultQueue, 'credential-checks', 'keyvault-events', 'notifications']

var packageContainer = 'app-package'
var deadLetterContainer = 'event-dead-letters'

// NCRONTAB, UTC. No two are due in the same minute: each would start an instance of its own.
var schedules = {
  CredentialRotationSchedule: '0 0 5 * * *'
  ControlWatchSchedule: '0 15 * * * *'
  NotificationSchedule: '0 3-58/5 * * * *'
  LeaverSweepSchedule: '0 2-59/5 * * * *'
  SweepSchedule: '0 50 4 * * *'
  LeaverWatchSchedule: '0 30 5 * * *'
  LedgerCheckpointSchedule: '0 5 * * * *'
  LedgerSelfCheckSchedule: '0 45 5 * * *'
}

var storageSuffix = environment().suffixes.storage
var evidenceAccountId = resourceId(
  subscription().subscriptionId,
  evidenceResourceGroup,
  'Microsoft.Storage/storageAccounts',
  evidenceAccountName
)
var evidenceVaultId = resourceId(
  subscription().subscriptionId,
  evidenceResourceGroup,
  'Microsoft.KeyVault/vaults',
  evidenceVaultName
)

resource group 'Microsoft.Resources/resourceGroups@2025-04-01' = {
  name: '${abbreviations.resourceGroup}${environmentName}'
  location: location
  tags: tags
}

module identity 'modules/identity.bicep' = {
  scope: group
  params: {
    name: '${abbreviations.managedIdentity}${token}'
    location: location
    tags: tags
  }
}

module workspace 'modules/workspace.bicep' = {
  scope: group
  params: {
    name: '${abbreviations.logAnalyticsWorkspace}${token}'
    location: location
    tags: tags
    retentionInDays: logDays
  }
}

var insightsName = '${abbreviations.applicationInsights}${token}'

module insights 'modules/insights.bicep' = {
  scope: group
  params: {
    name: insightsName
    location: location
    tags: tags
    workspaceId: workspace.outputs.id
  }
}

var stateAccountName = '${abbreviations.storageAccount}${token}'

module state 'modules/stateAccount.bicep' = {
  scope: group
  params: {
    name: stateAccountName
    location: location
    tags: tags
    sku: stateSku
    workspaceId: workspace.outputs.id
    containers: [packageContainer, deadLetterContainer]
    queues: queues
    isPublicNetworkAllowed: !enableVnet
  }
}

// --- Network, when wanted -------------------------------------------------------------------------------------------------------------

var zones = [
  'privatelink.blob.${storageSuffix}'
  'privatelink.queue.${storageSuffix}'
  'privatelink.table.${storageSuffix}'
  'privatelink.vaultcore${replace(environment().suffixes.keyvaultDns, '.vault', '')}'
]

// By place in the list of zones.
var endpoints = [
  { name: 'state-blob', service: 'state', groupId: 'blob', zone: 0 }
  { name: 'state-queue', service: 'state', groupId: 'queue', zone: 1 }
  { name: 'state-table', service: 'state', groupId: 'table', zone: 2 }
  { name: 'evidence-blob', service: 'evidence', groupId: 'blob', zone: 0 }
  { name: 'evidence-vault', service: 'vault', groupId: 'vault', zone: 3 }
]

module network 'modules/network.bicep' = if (enableVnet) {
  scope: group
  params: {
    name: '${abbreviations.virtualNetwork}${token}'
    securityGroupPrefix: '${abbreviations.networkSecurityGroup}${token}-'
    subnetPrefix: abbreviations.subnet
    location: location
    tags: tags
    workspaceId: workspace.outputs.id
    addressPrefix: vnetAddressPrefix
    zones: zones
  }
}

module privateEndpoints 'modules/privateEndpoint.bicep' = [
  for endpoint in endpoints: if (enableVnet) {
    scope: group
    params: {
      name: '${abbreviations.privateEndpoint}${token}-${endpoint.name}'
      location: location
      tags: tags
      subnetId: network!.outputs.endpointSubnetId
      serviceId: { state: state.outputs.id, evidence: evidenceAccountId, vault: evidenceVaultId }[endpoint.service]
      groupId: endpoint.groupId
      zoneId: network!.outputs.zoneIds[endpoint.zone]
    }
  }
]

// --- Events ---------------------------------------------------------------------------------------------------------------------------

var hrTopicName = '${abbreviations.eventGridTopic}hr-${token}'

module hrTopic 'modules/hrTopic.bicep' = {
  scope: group
  params: {
    name: hrTopicName
    location: location
    tags: tags
    workspaceId: workspace.outputs.id
    allowedIpRanges: hrAllowedIpRanges
  }
}

var newVaults = filter(watchedVaults, vault => empty(vault.?topicId))
var topicIds = map(filter(watchedVaults, vault => !empty(vault.?topicId)), vault => vault.?topicId ?? '')

module vaultRegions 'modules/vaultRegion.bicep' = [
  for vault in newVaults: {
    scope: resourceGroup(split(vault.id, '/')[2], split(vault.id, '/')[4])
    params: { name: last(split(vault.id, '/')) }
  }
]

module vaultTopics 'modules/vaultTopic.bicep' = [
  for (vault, i) in newVaults: {
    scope: group
    params: {
      name: '${abbreviations.eventGridSystemTopic}${last(split(vault.id, '/'))}'
      location: vaultRegions[i].outputs.location
      tags: tags
      workspaceId: workspace.outputs.id
      vaultId: vault.id
    }
  }
]

module existingVaultTopics 'modules/existingVaultTopic.bicep' = [
  for id in topicIds: {
    scope: resourceGroup(split(id, '/')[2], split(id, '/')[4])
    params: { name: last(split(id, '/')) }
  }
]

// --- Roles, before whatever needs them ------------------------------------------------------------------------------------------------

module roles 'modules/roles.bicep' = {
  params: {
    environmentName: environmentName
    mode: mode
    endsEligibilities: endsEligibilities
    principalId: identity.outputs.principalId
    resourceGroupName: group.name
    stateAccount: stateAccountName
    insights: insightsName
    evidenceResourceGroup: evidenceResourceGroup
    evidenceAccount: evidenceAccountName
    evidenceVault: evidenceVaultName
    evidenceKey: evidenceKeyName
    hrWebhookVaultId: hrWebhookVaultId
    notificationsVaultId: notificationsVaultId
    notificationRooms: notificationRooms
    subscriptionIds: subscriptionIds
    hrTopic: hrTopicName
    hrTopicPrincipalId: hrTopic.outputs.principalId
    hrSenderPrincipalIds: hrSenderPrincipalIds
    deployerPrincipalId: deployerPrincipalId
    vaultTopicPrincipalIds: [for (vault, i) in newVaults: vaultTopics[i].outputs.principalId]
    existingVaultTopicPrincipalIds: [for (id, i) in topicIds: existingVaultTopics[i].outputs.principalId]
    hrQueue: hrQueue
    vaultQueue: vaultQueue
    deadLetterContainer: deadLetterContainer
  }
  dependsOn: [state, insights]
}

module hrSubscription 'modules/hrSubscription.bicep' = {
  scope: group
  params: {
    topicName: hrTopicName
    target: {
      accountId: state.outputs.id
      queue: hrQueue
      deadLetterContainer: deadLetterContainer
    }
  }
  dependsOn: [roles]
}

module vaultSubscriptions 'modules/vaultSubscription.bicep' = [
  for vault in newVaults: {
    scope: group
    params: {
      topicName: '${abbreviations.eventGridSystemTopic}${last(split(vault.id, '/'))}'
      subscriptionName: vaultQueue
      target: {
        accountId: state.outputs.id
        queue: vaultQueue
        deadLetterContainer: deadLetterContainer
      }
    }
    dependsOn: [roles, vaultTopics]
  }
]

module existingVaultSubscriptions 'modules/vaultSubscription.bicep' = [
  for id in topicIds: {
    scope: resourceGroup(split(id, '/')[2], split(id, '/')[4])
    params: {
      topicName: last(split(id, '/'))
      // Others may have subscriptions of their own at this topic.
      subscriptionName: '${vaultQueue}-${token}'
      target: {
        accountId: state.outputs.id
        queue: vaultQueue
        deadLetterContainer: deadLetterContainer
      }
    }
    dependsOn: [roles]
  }
]

// --- The app --------------------------------------------------------------------------------------------------------------------------

module plan 'modules/plan.bicep' = {
  scope: group
  params: {
    name: '${abbreviations.plan}${token}'
    location: location
    tags: tags
    workspaceId: workspace.outputs.id
  }
}

var requiredSettings = {
  // The host and the app open the state account in the same way.
  AzureWebJobsStorage__blobServiceUri: state.outputs.blobEndpoint
  AzureWebJobsStorage__queueServiceUri: state.outputs.queueEndpoint
  AzureWebJobsStorage__tableServiceUri: state.outputs.tableEndpoint
  AzureWebJobsStorage__credential: 'managedidentity'
  AzureWebJobsStorage__clientId: identity.outputs.clientId
  APPLICATIONINSIGHTS_CONNECTION_STRING: insights.outputs.connectionString
  APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'ClientId=${identity.outputs.clientId};Authorization=AAD'
  Tenant__Id: tenant().tenantId
  Tenant__ClientId: identity.outputs.clientId
  EvidenceStorage__blobServiceUri: 'https://${evidenceAccountName}.blob.${storageSuffix}/'
  Evidence__AccountResourceId: evidenceAccountId
  Evidence__SigningKey: evidenceSigningKey
  Evidence__WriteOnce: 'required'
  Approvals__Audience: entraClientId
  Guards__OwnIds: identity.outputs.principalId
  Events__DeadLetterContainer: deadLetterContainer
}

var optionalSettings = union(
  empty(evidenceTrustedKeys) ? {} : { Evidence__TrustedKeys: evidenceTrustedKeys },
  empty(evidenceCopies) ? {} : { Evidence__Copies: evidenceCopies },
  empty(allowedClientApplications) ? {} : { Callers__AllowedClientApplications: join(allowedClientApplications, ',') },
  empty(hrWebhookVaultId)
    ? {}
    : { Hr__WebhookVault: 'https://${last(split(hrWebhookVaultId, '/'))}${environment().suffixes.keyvaultDns}' },
  empty(notificationsMailbox) ? {} : { Notifications__Mailbox: notificationsMailbox },
  empty(notificationRooms)
    ? {}
    : {
        Notifications__Rooms: join(notificationRooms, ',')
        Notifications__Vault: 'https://${last(split(notificationsVaultId, '/'))}${environment().suffixes.keyvaultDns}'
      }
)

module app 'modules/functionApp.bicep' = {
  scope: group
  params: {
    name: '${abbreviations.functionApp}${token}'
    location: location
    // By this tag azd finds what the service of azure.yaml is deployed to.
    tags: union(tags, { 'azd-service-name': 'app' })
    planId: plan.outputs.id
    identityId: identity.outputs.id
    workspaceId: workspace.outputs.id
    packageContainerUri: '${state.outputs.blobEndpoint}${packageContainer}'
    subnetId: enableVnet ? network!.outputs.appSubnetId : ''
    instanceMemoryMB: instanceMemoryMB
    maximumInstanceCount: maximumInstanceCount
    alwaysReadyDurable: alwaysReadyDurable
    settings: union(requiredSettings, schedules, optionalSettings)
    entraClientId: entraClientId
    allowedClientApplications: allowedClientApplications
    excludedPaths: excludedPaths
    allowedIpRanges: allowedIpRanges
  }
  dependsOn: [roles, privateEndpoints]
}

// --- What watches the app -------------------------------------------------------------------------------------------------------------

module actionGroup 'modules/actionGroup.bicep' = {
  scope: group
  params: {
    name: '${abbreviations.actionGroup}${token}'
    tags: tags
    emails: alertEmails
  }
}

module alerts 'modules/alerts.bicep' = {
  scope: group
  params: {
    namePrefix: '${abbreviations.queryAlert}${token}-'
    location: location
    tags: tags
    workspaceId: workspace.outputs.id
    actionGroupId: actionGroup.outputs.id
  }
}

module budget 'modules/budget.bicep' = if (monthlyBudget > 0) {
  scope: group
  params: {
    name: '${abbreviations.budget}${token}'
    amount: monthlyBudget
    startDate: budgetStartDate
    actionGroupId: actionGroup.outputs.id
  }
}

output AZURE_RESOURCE_GROUP string = group.name
output AZURE_TENANT_ID string = tenant().tenantId
output COMPLIANCE_MODE string = mode
output COMPLIANCE_APP_NAME string = app.outputs.name
output COMPLIANCE_APP_HOST string = app.outputs.hostName
output COMPLIANCE_IDENTITY_CLIENT_ID string = identity.outputs.clientId
output COMPLIANCE_IDENTITY_PRINCIPAL_ID string = identity.outputs.principalId
output COMPLIANCE_STATE_ACCOUNT string = stateAccountName
output COMPLIANCE_HR_TOPIC_ENDPOINT string = hrTopic.outputs.endpoint
