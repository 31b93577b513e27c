metadata description = 'The evidence account: a ledger that only grows, its signed head, and details that can be erased for good.'

param name string
param location string
param tags { *: string }
param sku string
param workspaceId string

@description('Days that a block of the ledger cannot be changed or removed.')
@minValue(1)
@maxValue(146000)
param ledgerDays int

@description('True once the policy was locked (compliance azure lock). It cannot be put again then, so the template leaves it out.')
param ledgerLocked bool

@description('False closes the account to everything but its private endpoint.')
param isPublicNetworkAllowed bool

resource account 'Microsoft.Storage/storageAccounts@2025-06-01' = {
  name: name
  location: location
  tags: tags
  kind: 'StorageV2'
  sku: { name: sku }
  properties: {
    accessTier: 'Hot'
    allowBlobPublicAccess: false
    allowCrossTenantReplication: false
    allowSharedKeyAccess: false
    defaultToOAuthAuthentication: true
    isLocalUserEnabled: false
    minimumTlsVersion: 'TLS1_2'
    supportsHttpsTrafficOnly: true
    publicNetworkAccess: isPublicNetworkAllowed ? 'Enabled' : 'Disabled'
    networkAcls: {
      defaultAction: isPublicNetworkAllowed ? 'Allow' : 'Deny'
      bypass: 'None'
    }
  }
}

// No versions and no soft delete: they would keep what was erased from the container details. The ledger needs neither, since its policy
// refuses the change itself.
resource blobs 'Microsoft.Storage/storageAccounts/blobServices@2025-06-01' = {
  parent: account
  name: 'default'
  properties: {
    isVersioningEnabled: false
    deleteRetentionPolicy: { enabled: false }
    containerDeleteRetentionPolicy: { enabled: false }
  }

  resource ledger 'containers' = {
    name: 'ledger'
    properties: { publicAccess: 'None' }

    // Append blobs may still grow under it, block by block. The policy is left unlocked here: locking cannot be undone, so it is a command
    // that somebody gives on purpose.
    resource policy 'immutabilityPolicies' = if (!ledgerLocked) {
      name: 'default'
      properties: {
        immutabilityPeriodSinceCreationInDays: ledgerDays
        allowProtectedAppendWrites: true
      }
    }
  }

  // Replaced as the ledger grows, so without a policy.
  resource head 'containers' = {
    name: 'ledger-head'
    properties: { publicAccess: 'None' }
  }

  // Who a pseudonym is. Erased on request, so without a policy.
  resource details 'containers' = {
    name: 'details'
    properties: { publicAccess: 'None' }
  }
}

resource diagnostics 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'to-log-analytics'
  scope: account
  properties: {
    workspaceId: workspaceId
    metrics: [{ category: 'Transaction', enabled: true }]
  }
}

// Who read or wrote evidence, call by call.
resource blobDiagnostics 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'to-log-analytics'
  scope: blobs
  properties: {
    workspaceId: workspaceId
    logs: [{ categoryGroup: 'allLogs', enabled: true }]
    metrics: [{ category: 'Transaction', enabled: true }]
  }
}

output id string = account.id
output name string = account.name
