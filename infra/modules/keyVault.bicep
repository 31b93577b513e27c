metadata description = 'The vault with the key that signs the checkpoints of the ledger. The key never leaves it.'

param name string
param location string
param tags { *: string }
param workspaceId string
param keyName string

@description('"recover" brings a vault back that was deleted and not purged: purge protection keeps its name taken.')
@allowed(['default', 'recover'])
param createMode string

@description('False closes the vault to everything but its private endpoint.')
param isPublicNetworkAllowed bool

@description('IPv4 ranges that reach the vault; none means that the network does not limit who may ask.')
param allowedIpRanges string[]

resource vault 'Microsoft.KeyVault/vaults@2026-02-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    tenantId: tenant().tenantId
    sku: { family: 'A', name: 'standard' }
    createMode: createMode
    enableRbacAuthorization: true
    enableSoftDelete: true
    enablePurgeProtection: true
    softDeleteRetentionInDays: 90
    enabledForDeployment: false
    enabledForDiskEncryption: false
    enabledForTemplateDeployment: false
    publicNetworkAccess: isPublicNetworkAllowed ? 'Enabled' : 'Disabled'
    networkAcls: {
      defaultAction: isPublicNetworkAllowed && empty(allowedIpRanges) ? 'Allow' : 'Deny'
      bypass: 'None'
      ipRules: [for range in allowedIpRanges: { value: range }]
    }
  }

  // A key that is there already stays as it is: a template makes no second version.
  resource key 'keys' = {
    name: keyName
    properties: {
      kty: 'EC'
      curveName: 'P-256'
      keyOps: ['sign', 'verify']
      attributes: { enabled: true, exportable: false }
    }
  }
}

resource diagnostics 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'to-log-analytics'
  scope: vault
  properties: {
    workspaceId: workspaceId
    logs: [{ categoryGroup: 'allLogs', enabled: true }]
    metrics: [{ category: 'AllMetrics', enabled: true }]
  }
}

output id string = vault.id
output name string = vault.name
output keyUriWithVersion string = vault::key.properties.keyUriWithVersion
