metadata description = 'One role at one resource. Which roles there are is decided in roles.bicep alone.'

import { roleScope } from 'types.bicep'

param principalId string
param roleId string
param serves string
param at roleScope

// Every principal but one is an identity or an app. Without its type, an assignment to one that was just made fails.
@description('Empty for a principal that has been there for long, whether a person or an app.')
param principalType string = 'ServicePrincipal'

var properties = {
  roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roleId)
  principalId: principalId
  principalType: empty(principalType) ? null : principalType
  description: serves
}

resource account 'Microsoft.Storage/storageAccounts@2025-06-01' existing = if (at.kind == 'account') {
  name: at.?account ?? 'none'
}

resource accountAssignment 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (at.kind == 'account') {
  name: guid(account.id, principalId, roleId)
  scope: account
  properties: properties
}

resource container 'Microsoft.Storage/storageAccounts/blobServices/containers@2025-06-01' existing = if (at.kind == 'container') {
  name: '${at.?account ?? 'none'}/default/${at.?container ?? 'none'}'
}

resource containerAssignment 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (at.kind == 'container') {
  name: guid(container.id, principalId, roleId)
  scope: container
  properties: properties
}

resource queue 'Microsoft.Storage/storageAccounts/queueServices/queues@2025-06-01' existing = if (at.kind == 'queue') {
  name: '${at.?account ?? 'none'}/default/${at.?queue ?? 'none'}'
}

resource queueAssignment 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (at.kind == 'queue') {
  name: guid(queue.id, principalId, roleId)
  scope: queue
  properties: properties
}

resource insights 'Microsoft.Insights/components@2020-02-02' existing = if (at.kind == 'insights') {
  name: at.?insights ?? 'none'
}

resource insightsAssignment 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (at.kind == 'insights') {
  name: guid(insights.id, principalId, roleId)
  scope: insights
  properties: properties
}

resource key 'Microsoft.KeyVault/vaults/keys@2026-02-01' existing = if (at.kind == 'key') {
  name: '${at.?vault ?? 'none'}/${at.?key ?? 'none'}'
}

resource keyAssignment 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (at.kind == 'key') {
  name: guid(key.id, principalId, roleId)
  scope: key
  properties: properties
}

resource secret 'Microsoft.KeyVault/vaults/secrets@2026-02-01' existing = if (at.kind == 'secret') {
  name: '${at.?vault ?? 'none'}/${at.?secret ?? 'none'}'
}

resource secretAssignment 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (at.kind == 'secret') {
  name: guid(secret.id, principalId, roleId)
  scope: secret
  properties: properties
}

resource topic 'Microsoft.EventGrid/topics@2025-02-15' existing = if (at.kind == 'topic') {
  name: at.?topic ?? 'none'
}

resource topicAssignment 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (at.kind == 'topic') {
  name: guid(topic.id, principalId, roleId)
  scope: topic
  properties: properties
}
