metadata description = 'One role at a subscription. Which roles there are is decided in roles.bicep alone.'

targetScope = 'subscription'

param principalId string
param roleId string
param serves string

@description('Limits what the role may do; empty limits nothing.')
param condition string = ''

resource assignment 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(subscription().id, principalId, roleId)
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roleId)
    principalId: principalId
    principalType: 'ServicePrincipal'
    description: serves
    condition: empty(condition) ? null : condition
    conditionVersion: empty(condition) ? null : '2.0'
  }
}
