// Where the evidence is kept, apart from the app. The hook "compliance azure preprovision" deploys this file by itself, outside the
// deployment that azd makes and takes down: "azd down" deletes the resource groups that its own deployment created, and this is none of
// them. For the same reason the group has no tag azd-env-name. A lock refuses the deletion by anything else.
//
//   az deployment sub create --location LOCATION --template-file infra/evidence.bicep --parameters environmentName=NAME location=LOCATION
//
// Every output is kept in azd's environment under its own name, from where main.parameters.json reads it.
targetScope = 'subscription'

@description('Name of the environment, as azd has it.')
@minLength(1)
@maxLength(64)
param environmentName string

@description('Region of the evidence.')
@minLength(1)
param location string

@description('Days that a block of the ledger cannot be changed or removed: at least the longest time of policy/evidence.yaml.')
@minValue(1)
@maxValue(146000)
param ledgerDays int = 2555

@description('True once the ledger\'s policy was locked.')
param ledgerLocked bool = false

@description('Redundancy of the evidence account.')
@allowed(['Standard_LRS', 'Standard_ZRS', 'Standard_GRS', 'Standard_GZRS'])
param sku string = 'Standard_ZRS'

@description('"recover" when a vault of this name was deleted and not purged.')
@allowed(['default', 'recover'])
param vaultCreateMode string = 'default'

@description('True closes account and vault to the public network; main.bicep then makes their private endpoints.')
param enableVnet bool = false

@description('IPv4 ranges that reach the vault while its network is public.')
param vaultAllowedIpRanges string[] = []

@description('Days that the log of who used the evidence is kept.')
@minValue(30)
@maxValue(730)
param auditLogDays int = 365

var abbreviations = loadJsonContent('abbreviations.json')
var token = toLower(uniqueString(subscription().id, environmentName, location, 'evidence'))
var tags = { 'compliance-evidence-of': environmentName }

resource group 'Microsoft.Resources/resourceGroups@2025-04-01' = {
  name: '${abbreviations.resourceGroup}${environmentName}-evidence'
  location: location
  tags: tags
}

module workspace 'modules/workspace.bicep' = {
  scope: group
  params: {
    name: '${abbreviations.logAnalyticsWorkspace}${token}'
    location: location
    tags: tags
    retentionInDays: auditLogDays
  }
}

module account 'modules/evidenceAccount.bicep' = {
  scope: group
  params: {
    name: '${abbreviations.storageAccount}${token}'
    location: location
    tags: tags
    sku: sku
    workspaceId: workspace.outputs.id
    ledgerDays: ledgerDays
    ledgerLocked: ledgerLocked
    isPublicNetworkAllowed: !enableVnet
  }
}

module vault 'modules/keyVault.bicep' = {
  scope: group
  params: {
    name: '${abbreviations.keyVault}${token}'
    location: location
    tags: tags
    workspaceId: workspace.outputs.id
    keyName: 'ledger-checkpoints'
    createMode: vaultCreateMode
    isPublicNetworkAllowed: !enableVnet
    allowedIpRanges: vaultAllowedIpRanges
  }
}

module lock 'modules/lock.bicep' = {
  scope: group
  params: {
    name: 'evidence-is-kept'
    notes: 'The evidence of compliance outlives the app. Remove this lock only to end its retention.'
  }
}

output EVIDENCE_RESOURCE_GROUP string = group.name
output EVIDENCE_ACCOUNT_NAME string = account.outputs.name
output EVIDENCE_VAULT_NAME string = vault.outputs.name
output EVIDENCE_KEY_NAME string = 'ledger-checkpoints'
output EVIDENCE_SIGNING_KEY string = vault.outputs.keyUriWithVersion
